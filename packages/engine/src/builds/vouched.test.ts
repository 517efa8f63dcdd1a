// The accounts that code hosts name in what they really send, and what is never treated as a person.

import { describe, expect, it } from 'vitest';
import type { HostEvent } from './host-event.ts';
import { generic } from './hosts/generic.ts';
import { readerOf } from './hosts/hosts.ts';
import { payload } from './testing/payloads.ts';
import { isBot } from './vouched.ts';

const read = (host: string, name: string, change?: (body: never) => void) => {
  const body: unknown = JSON.parse(payload(host, name, change).toString());
  const event = readerOf(host)?.read('', body) as HostEvent | undefined;
  return event?.actors.map(({ login, did }) => `${login} ${did}`);
};

const merged = (body: { action: string; pull_request: object }): void => {
  body.action = 'closed';
  Object.assign(body.pull_request, { user: { login: 'carol' }, merged_by: { login: 'bob-brown' } });
};

describe('who had a hand in it', () => {
  it.each([
    ['github', 'workflow-run-success', undefined, ['alice-adams pushed']],
    ['github', 'workflow-run-mended', undefined, ['alice-adams pushed']],
    ['github', 'workflow-run-pull-request', undefined, ['alice-adams triggered']],
    ['github', 'push-tag', undefined, ['alice-adams pushed']],
    ['github', 'release', undefined, ['alice-adams published']],
    ['github', 'pull-request-merged', merged, ['carol opened', 'bob-brown merged', 'alice-adams triggered']],
    ['gitlab', 'pipeline-success', undefined, ['alice-adams pushed']],
    ['gitlab', 'tag-push', undefined, ['alice-adams pushed']],
    ['gitlab', 'merge-request', undefined, ['alice-adams pushed']],
  ] as const)('of %s %s is read from what the host signed', (host, name, change, expected) => {
    expect(read(host, name, change as (body: never) => void)).toEqual(expected);
  });

  it('is what a script names', () => {
    const build = { event: 'build', service: 'shop', version: 'v1' };
    const given = ['zoe', { login: 'bob', did: 'merged' }, { login: 'x', did: 'danced' }, { name: 'No Account' }, 7];
    expect(generic.read('', { ...build, actors: given })).toMatchObject({
      actors: [
        { login: 'zoe', did: 'triggered' },
        { login: 'bob', did: 'merged' },
        { login: 'x', did: 'triggered' },
      ],
    });
  });

  it.each([
    [{ login: 'dependabot[bot]' }, true],
    [{ email: '49699333+dependabot[bot]@users.noreply.github.com' }, true],
    [{ login: 'project_12_bot_4ffca2' }, true],
    [{ login: 'robot' }, false],
    [{ login: 'abbot', email: 'bot@acme.example' }, false],
  ])('%o is a bot: %s', (account, expected) => {
    expect(isBot({ login: undefined, email: undefined, ...account })).toBe(expected);
  });
});
