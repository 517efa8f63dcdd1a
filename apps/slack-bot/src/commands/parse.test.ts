import { describe, expect, test } from 'vitest';
import type { Intent } from './intent.ts';
import { parseCommand } from './parse.ts';
import type { CommandKey } from './table.ts';

const known = [
  { service: 'shop', target: 'production' },
  { service: 'shop', target: 'staging' },
  { service: 'blog', target: 'production' },
];

function parse(line: string, key?: CommandKey) {
  const [command = '', ...rest] = line.split(' ');
  const word = key ?? (command.replace('/', '').replace('deploy-status', 'status') as CommandKey);
  return parseCommand({ key: word, command, text: rest.join(' '), known });
}

const plain = { hold: false, redeploy: false, reason: undefined };

const understoodLines: readonly (readonly [string, Intent])[] = [
  ['/deploy', { kind: 'deploy-modal', ref: {} }],
  ['/deploy   ', { kind: 'deploy-modal', ref: {} }],
  ['/deploy shop', { kind: 'deploy-modal', ref: { service: 'shop' } }],
  ['/deploy v2.1', { kind: 'deploy', ref: {}, version: 'v2.1', ...plain }],
  ['/deploy   shop    v2.1 ', { kind: 'deploy', ref: { service: 'shop' }, version: 'v2.1', ...plain }],
  ['/deploy shop\u00a0v2.1\u200b', { kind: 'deploy', ref: { service: 'shop' }, version: 'v2.1', ...plain }],
  [
    '/deploy shop/staging v2.1 --hold --reason "it is time" --redeploy',
    {
      kind: 'deploy',
      ref: { service: 'shop', target: 'staging' },
      version: 'v2.1',
      hold: true,
      redeploy: true,
      reason: 'it is time',
    },
  ],
  ['/deploy v2.1 –hold', { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, hold: true }],
  ['/deploy `shop`  `v2.1`', { kind: 'deploy', ref: { service: 'shop' }, version: 'v2.1', ...plain }],
  [
    '/deploy v2.1 —reason “smart quotes”',
    { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, reason: 'smart quotes' },
  ],
  ['/deploy v2.1 --reason=fixes', { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, reason: 'fixes' }],
  [
    '/deploy v2.1 --reason no quotes here --hold',
    { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, reason: 'no quotes here', hold: true },
  ],
  [
    '/deploy v2.1 --reason "<@U1|bob> &amp; <#C1|ops> say so"',
    { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, reason: '@bob & #ops say so' },
  ],
  ['/deploy <http://v2.1.io|v2.1.io>', { kind: 'deploy', ref: {}, version: 'v2.1.io', ...plain }],
  ['/deploy main', { kind: 'deploy', ref: {}, version: 'main', ...plain }],
  ['/deploy v2.1 at 22:00', { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, at: '22:00' }],
  [
    '/deploy shop v2.1 at 2026-12-01 22:00 Europe/Berlin --reason "less traffic"',
    {
      kind: 'deploy',
      ref: { service: 'shop' },
      version: 'v2.1',
      ...plain,
      reason: 'less traffic',
      at: '2026-12-01 22:00',
      zone: 'Europe/Berlin',
    },
  ],
  [
    '/deploy v2.1 --first --override-freeze --reason outage',
    { kind: 'deploy', ref: {}, version: 'v2.1', ...plain, reason: 'outage', first: true, overrideFreeze: true },
  ],
  [
    '/deploy shop v2.1 --canary 5:1m,20:5m --first --reason outage',
    {
      kind: 'deploy',
      ref: { service: 'shop' },
      version: 'v2.1',
      ...plain,
      reason: 'outage',
      first: true,
      canary: '5:1m,20:5m',
    },
  ],
  ['/deploy plan v2.1 --canary 5:1m', { kind: 'plan', ref: {}, version: 'v2.1', ...plain, canary: '5:1m' }],
  ['/deploy queue shop', { kind: 'queue', ref: { service: 'shop' } }],
  ['/deploy cancel w_1a2b3c4d', { kind: 'cancel', id: 'w_1a2b3c4d' }],
  ['/deploy cancel w_1a2b3c4d wrong prices', { kind: 'cancel', id: 'w_1a2b3c4d', reason: 'wrong prices' }],
  ['/deploy cancel build-17 --reason "wrong prices"', { kind: 'cancel', id: 'build-17', reason: 'wrong prices' }],
  ['/deploy plan v2.1', { kind: 'plan', ref: {}, version: 'v2.1', ...plain }],
  ['/deploy PLAN shop v2.1', { kind: 'plan', ref: { service: 'shop' }, version: 'v2.1', ...plain }],
  ['/deploy status', { kind: 'status', ref: {} }],
  ['/deploy status shop/staging', { kind: 'status', ref: { service: 'shop', target: 'staging' } }],
  ['/deploy history', { kind: 'history', ref: {} }],
  ['/deploy lock "database work" for 2h', { kind: 'lock', ref: {}, reason: 'database work', forMs: 7_200_000 }],
  [
    '/deploy lock shop waiting for data',
    { kind: 'lock', ref: { service: 'shop' }, reason: 'waiting for data', forMs: undefined },
  ],
  [
    '/deploy lock shop/staging ‘quiet day’ for 30min',
    { kind: 'lock', ref: { service: 'shop', target: 'staging' }, reason: 'quiet day', forMs: 1_800_000 },
  ],
  ['/deploy unlock', { kind: 'unlock', ref: {} }],
  ['/deploy suspend shop wait for v2.2', { kind: 'suspend', ref: { service: 'shop' }, reason: 'wait for v2.2' }],
  ['/deploy unsuspend', { kind: 'unsuspend', ref: {} }],
  ['/deploy pause', { kind: 'signal', name: 'pause', ref: {}, reason: undefined }],
  ['/deploy resume blog', { kind: 'signal', name: 'resume', ref: { service: 'blog' }, reason: undefined }],
  ['/deploy abort shop "too slow"', { kind: 'signal', name: 'abort', ref: { service: 'shop' }, reason: 'too slow' }],
  ['/deploy abort', { kind: 'signal', name: 'abort', ref: {}, reason: undefined }],
  ['/deploy promote', { kind: 'signal', name: 'promote', ref: {}, reason: undefined }],
  ['/deploy promote --full', { kind: 'signal', name: 'promote-full', ref: {}, reason: undefined }],
  ['/deploy approve', { kind: 'signal', name: 'approve', ref: {}, reason: undefined }],
  ['/deploy break-glass "db is down"', { kind: 'signal', name: 'break-glass', ref: {}, reason: 'db is down' }],
  ['/deploy continue "nearly done"', { kind: 'signal', name: 'continue', ref: {}, reason: 'nearly done' }],
  ['/deploy extend', { kind: 'signal', name: 'extend', ref: {}, reason: undefined }],
  ['/deploy reject "no budget"', { kind: 'signal', name: 'reject', ref: {}, reason: 'no budget' }],
  ['/deploy reject --reason no', { kind: 'signal', name: 'reject', ref: {}, reason: 'no' }],
  ['/deploy help', { kind: 'help' }],
  ['/switch help', { kind: 'help' }],
  ['/switch', { kind: 'switch', ref: {}, to: undefined, reason: undefined }],
  ['/switch green', { kind: 'switch', ref: {}, to: 'green', reason: undefined }],
  ['/switch shop BLUE', { kind: 'switch', ref: { service: 'shop' }, to: 'blue', reason: undefined }],
  [
    '/switch shop/staging --reason "tested"',
    { kind: 'switch', ref: { service: 'shop', target: 'staging' }, to: undefined, reason: 'tested' },
  ],
  ['/rollback', { kind: 'rollback', ref: {}, version: undefined, reason: undefined }],
  ['/rollback shop', { kind: 'rollback', ref: { service: 'shop' }, version: undefined, reason: undefined }],
  ['/rollback v2.0', { kind: 'rollback', ref: {}, version: 'v2.0', reason: undefined }],
  [
    '/rollback shop v2.0 --reason "errors"',
    { kind: 'rollback', ref: { service: 'shop' }, version: 'v2.0', reason: 'errors' },
  ],
  ['/status', { kind: 'status', ref: {} }],
  ['/deploy-status shop', { kind: 'status', ref: { service: 'shop' } }],
];

const mistakes: readonly (readonly [string, RegExp, string?])[] = [
  ['/deploy stauts', /Unknown command/, '/deploy status'],
  ['/deploy aprove', /Unknown command/, '/deploy approve'],
  ['/deploy lok "why" for 2h', /Unknown command/, '/deploy lock "why" for 2h'],
  ['/deploy shpo v2.1', /no service `shpo`; there is: shop, blog/, '/deploy shop v2.1'],
  ['/deploy shop/stagin v2.1', /no target `stagin`; there is: production, staging/, '/deploy shop/staging v2.1'],
  ['/deploy v2.1 shop', /service comes before/, '/deploy shop v2.1'],
  ['/deploy shopp', /neither a service/, '/deploy shop'],
  ['/deploy v2.1 --hodl', /not an option/, '/deploy v2.1 --hold'],
  ['/deploy v2.1 -hold', /not an option/, '/deploy v2.1 --hold'],
  ['/deploy v2.1 --reason', /needs a text/],
  ['/deploy v2.1 --reason "open', /not closed/],
  ['/deploy shop v2.1 extra', /more words/],
  ['/deploy ../../etc', /no service/],
  ['/deploy v2.1;rm', /not a version/],
  [`/deploy v${'1'.repeat(64)}`, /not a version/],
  [`/deploy v2.1 --reason "${'x'.repeat(600)}"`, /at most 500/],
  ['/deploy plan', /needs the version/, '/deploy plan v2.1'],
  ['/deploy lock', /Give a reason/],
  ['/deploy lock "x" for 2x', /not a time/],
  ['/deploy lock "x" for 9999d', /not a time/],
  ['/deploy reject', /Give a reason/],
  ['/deploy pause shop now', /more words/],
  ['/deploy promote --ful', /not an option/, '/deploy promote --full'],
  ['/switch gren', /no service `gren`/],
  ['/switch shop gren', /more words/],
  ['/switch green blue', /more words/],
  ['/rollback shopp', /neither a service/, '/rollback shop'],
  ['/status shpo', /no service/, '/status shop'],
];

describe('what people type', () => {
  for (const [line, intent] of understoodLines)
    test(line, () => {
      expect(parse(line)).toEqual({ ok: true, value: intent });
    });

  for (const [line, sentence, instead] of mistakes)
    test(`${line} is answered with what is wrong and the nearest correct form`, () => {
      const parsed = parse(line);
      if (parsed.ok) throw new Error(`understood as ${JSON.stringify(parsed.value)}`);
      expect(parsed.refusal.code).toBe('text-invalid');
      expect(parsed.refusal.sentence).toMatch(sentence);
      if (instead !== undefined) expect(parsed.refusal.hint).toBe(`Did you mean \`${instead}\`?`);
    });

  test('every suggestion is itself understood, or shows a gap to fill', () => {
    for (const [line] of mistakes) {
      const parsed = parse(line);
      const hint = parsed.ok ? '' : parsed.refusal.hint;
      const suggested = /`(.*)`/.exec(hint)?.[1];
      if (suggested === undefined || suggested.includes('…')) continue;
      expect(parse(suggested), suggested).toMatchObject({ ok: true });
    }
  });

  test('no text, however strange, throws', () => {
    const strange = [
      '\u0000\u0007',
      '"""',
      "'",
      '-- --',
      '<@U1> <!channel> <',
      '`rm -rf`',
      '🚀🚀',
      '\u202e abc',
      '--=',
      '/',
      'a/b/c',
    ];
    for (const text of strange)
      for (const key of ['deploy', 'switch', 'rollback', 'status'] as const)
        expect(parseCommand({ key, command: `/${key}`, text, known })).toHaveProperty('ok');
  });
});
