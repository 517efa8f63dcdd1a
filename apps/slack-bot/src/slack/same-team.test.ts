// Whose requests are handled: those of our workspace, and on Enterprise Grid those of our organisation's people.

import type { Engine } from '@bg/engine';
import { expect, test } from 'vitest';
import type { Identity } from './api.ts';
import type { Guard } from './guards.ts';
import { sameTeamOnly } from './same-team.ts';

const alone: Identity = { teamId: 'T0OWN', botId: 'B0', botUserId: 'U0', enterpriseId: undefined };
const grid: Identity = { ...alone, enterpriseId: 'E0ORG' };

interface Asked {
  readonly identity: Identity | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly team?: string;
}

async function asked({ identity, body, team }: Asked) {
  const seen = {
    passed: false,
    strangers: 0,
    audited: [] as string[],
    acks: [] as unknown[],
    opened: 0,
    said: [] as string[],
  };
  const guard = sameTeamOnly({
    engine: {
      settings: {
        slack: { team },
        people: [{ id: 'alice', name: 'Alice', slack: 'U0ALICE' }],
      } as unknown as Engine['settings'],
      whenWritable: async () => true,
      countUnauthenticated: () => {
        seen.strangers += 1;
      },
      recordRejection: (actor, refusal) => void seen.audited.push(`${'id' in actor ? actor.id : ''} ${refusal.code}`),
    },
    slack: {
      openView: async () => {
        seen.opened += 1;
        return { ok: true, value: undefined };
      },
    },
    identity: { get: () => identity },
  });
  const args = {
    body,
    context: {},
    ack: async (answer: unknown) => void seen.acks.push(answer),
    ...('response_url' in body ? { respond: async () => void seen.said.push('') } : {}),
    next: async () => {
      seen.passed = true;
    },
  };
  await guard(args as unknown as Parameters<Guard>[0]);
  return seen;
}

const click = (user: string, userTeam: string, place: Readonly<Record<string, unknown>> = {}) => ({
  type: 'block_actions',
  trigger_id: '1.2.3',
  response_url: 'https://example.com',
  team: { id: 'T0OWN' },
  enterprise: null,
  user: { id: user, team_id: userTeam },
  ...place,
});
const org = { enterprise: { id: 'E0ORG' } };

test.each<[string, Asked, boolean]>([
  ['a person of the workspace', { identity: alone, body: click('U0EVE', 'T0OWN') }, true],
  ['a person of another company', { identity: alone, body: click('U0EVE', 'T0OTHER') }, false],
  ['a known id of another company', { identity: alone, body: click('U0ALICE', 'T0OTHER') }, false],
  [
    'another workspace',
    { identity: alone, body: { command: '/deploy', team_id: 'T0OTHER', user_id: 'U0ALICE' } },
    false,
  ],
  [
    'a known person from another workspace of the organisation',
    { identity: grid, body: click('U0ALICE', 'T0HOME', org) },
    true,
  ],
  ['a person whose team is the organisation', { identity: grid, body: click('U0EVE', 'E0ORG', org) }, true],
  [
    'a stranger from another company in a channel of the organisation',
    { identity: grid, body: click('U0EVE', 'T0OTHER', org) },
    false,
  ],
  [
    'a known id from another organisation',
    { identity: grid, body: click('U0ALICE', 'T0OTHER', { team: { id: 'T0OTHER' }, enterprise: { id: 'E0OTHER' } }) },
    false,
  ],
  [
    'an app of the whole organisation: no workspace',
    { identity: { ...grid, teamId: 'E0ORG' }, body: click('U0ALICE', 'T0HOME', { ...org, team: null }) },
    true,
  ],
  [
    'a command from another workspace of the organisation',
    { identity: grid, body: { command: '/deploy', team_id: 'T0HOME', enterprise_id: 'E0ORG', user_id: 'U0ALICE' } },
    true,
  ],
  [
    'a configured workspace that is another one',
    { identity: undefined, team: 'T0ELSE', body: click('U0ALICE', 'T0OWN') },
    false,
  ],
  ['before Slack answered, with nothing configured', { identity: undefined, body: click('U0ALICE', 'T0OWN') }, true],
])('%s', async (_, question, passes) => {
  const { passed, strangers, audited, said } = await asked(question);
  expect(passed).toBe(passes);
  expect(strangers + audited.length).toBe(passes ? 0 : 1);
  expect(said).toHaveLength(passes || !('response_url' in question.body) ? 0 : 1);
});

test('a known person who is refused gets an audit row; a form is answered inside, a Home tab with a dialog', async () => {
  const refused = { identity: alone, body: click('U0ALICE', 'T0OTHER') };
  expect((await asked(refused)).audited).toEqual(['alice not-in-team']);
  const blocks = [{ type: 'section' }, { type: 'input', block_id: 'reason' }];
  const { response_url: _, ...bare } = refused.body;
  const form = await asked({ ...refused, body: { ...bare, type: 'view_submission', view: { blocks } } });
  expect(form.acks).toMatchObject([{ response_action: 'errors', errors: { reason: expect.stringContaining('⛔') } }]);
  expect(form.opened).toBe(0);
  expect((await asked({ ...refused, body: { ...bare, view: {} } })).opened).toBe(1);
});
