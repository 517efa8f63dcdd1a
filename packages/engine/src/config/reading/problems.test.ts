// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is what the file holds

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeFound } from '../kit/problems.ts';
import { type Bench, edited, makeBench } from '../test-config.ts';

let bench: Bench;
beforeAll(() => {
  bench = makeBench();
});
afterAll(() => bench.remove());

const production = 'services.shop.targets.production';
const secondTarget = (options = '') =>
  `    targets:\n      staging: { slots: { blue: { port: 9001 }, green: { port: 9002 } }, loadBalancer: { listen: 9080 }${options} }\n`;

describe('all problems at once', () => {
  const broken = edited(
    ['state: state', 'state: 5'],
    ['id: carol', 'id: Carol'],
    ['[node, server.mjs]', '[node, 5]'],
    ['    channel', '    bake: soon\n    canry: []\n    channel'],
    ['name: two', 'name: one'],
    ['8002', '8001'],
    ['listen: 8080', 'listen: 8001\n          sticky: { by: colour }'],
  );

  it('are reported in the order of the file, whether about one value or several together', () => {
    expect(
      bench.problems(broken).map((line) =>
        line
          .split(':')
          .slice(0, 2)
          .join(':')
          .replace(/^(\d+):\d+ /, '$1 '),
      ),
    ).toEqual([
      '1 state',
      '4 people[1].id',
      '9 services.shop.command[1]',
      '10 services.shop.bake',
      '11 services.shop.canry',
      '15 services.shop.smokeTests[1].name',
      `21 ${production}.slots.green.port`,
      `23 ${production}.loadBalancer.listen`,
      `24 ${production}.loadBalancer.sticky.by`,
    ]);
    expect(bench.check(broken).settings).toBeUndefined();
  });

  it('a bad value is reported once, with no guesses about what depends on it', () => {
    const text = edited(['[node, server.mjs]', '5'], ['approvers: [bob, carol]', 'approvers: bob']);
    expect(bench.problems(text)).toEqual([
      '5:12 approvers: expected a list, found a text',
      '9:14 services.shop.command: expected a list, found a number',
    ]);
  });

  it('a problem of a service is reported once, not once for each of its targets', () => {
    const text = edited(
      ['    targets:\n', secondTarget(', default: true')],
      ['releases: releases', 'releases: elsewhere'],
      ['    channel', '    crash: { firstRestart: 2m }\n    channel'],
    );
    expect(bench.problems(text)).toHaveLength(2);
  });

  it('warnings come with the settings, without the name of the file', () => {
    const { settings } = bench.check(edited(['releases: releases', 'releases: elsewhere']));
    expect(settings?.warnings).toEqual([
      'services.shop.releases: there is no such folder yet; put releases there, one folder per version',
    ]);
  });
});

describe('secrets never reach a message', () => {
  const secret = 'hunter2-hunter2';
  const places: readonly (readonly [what: string, from: string, to: string])[] = [
    ['a preview token that is too odd', 'listen: 8080', `listen: 8080\n          preview: { token: "${secret} !" }`],
    ['a token in place of a mapping', 'listen: 8080', `listen: 8080\n          preview: ${secret}`],
    ['a variable of the service', '    channel', `    env: { PASSWORD: [${secret}] }\n    channel`],
    ['an argument of the command', '[node, server.mjs]', `node --password ${secret}`],
    ['a header of a smoke test', '{ name: one, path: / }', `{ name: one, path: /, headers: [${secret}] }`],
    ['a token of Slack in the wrong place', 'state: state', `state: state\nslack: { team: xoxb-${secret} }`],
    ['a text that YAML stumbles over', 'state: state', `state: state\npassword: "${secret}`],
    ['a long text in the wrong place', '8001', `${secret}-${secret}-${secret}`],
  ];

  it.each(places)('%s', (_what, from, to) => {
    const lines = bench.problems(edited([from, to]));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain(secret);
  });

  it('a value that came out of a variable is not shown at any place', () => {
    const text = edited(
      ['8001', '"${A}"'],
      ['channel: "#deploys"', 'channel: "x ${A}"'],
      ['[bob, carol]', '[bob, carol, "${A}"]'],
      ['state: state', 'state: "~${A}"'],
    );
    const lines = bench.problems(text, { A: secret });
    expect(lines).toHaveLength(4);
    expect(lines.join('\n')).not.toContain(secret);
    expect(lines[2]).toContain('found the value of a variable, which does not fit');
  });

  it('what is shown cannot steer a terminal, and is short', () => {
    expect(describeFound('a\u001b[31m\u202eb', { path: ['channel'], hidden: false, kindOnly: false })).toBe(
      '"a\\u001b[31m\\u{202e}b"',
    );
    expect(describeFound('x'.repeat(500), { path: ['channel'], hidden: false, kindOnly: false })).toBe(
      'a text of 500 characters',
    );
  });
});
