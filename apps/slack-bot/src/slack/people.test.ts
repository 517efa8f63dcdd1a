// Approvers named by a Slack user group: asked for when it matters, refused closed, with the reason, when it cannot be read.

import { silentLog } from '@bg/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  alice,
  bob,
  cardWith,
  channel,
  setWorkspace,
  textOf,
  type Workspace,
  whispered,
} from '../testing/workspace.ts';
import type { Slack } from './api.ts';
import { createPeople } from './people.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({
    target: `
        canary: [{ percent: 10, approval: true }]
        approval: { approvers: ["group:S0APPROVERS"] }
        bake: 1s
`,
  });
});
afterAll(() => workspace?.strike());

const asked = (): number =>
  workspace.slack.apiCalls().filter(({ method }) => method === 'usergroups.users.list').length;

test('the bot does not request a group before a person decides; one that cannot be read approves nothing', async () => {
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v1.0' });
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v2.1' });
  const card = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  expect(textOf(card)).toContain('<!subteam^S0APPROVERS>');
  expect(asked()).toBe(0);
  workspace.slack.fault({ method: 'usergroups.users.list', error: 'plan_upgrade_required' });
  await workspace.slack.click({ user: bob, channel, messageTs: card.ts, actionId: 'deploy.approve' });
  const refusal = await whispered(workspace.slack, bob, /approvers-unknown/);
  expect(textOf(refusal)).toContain('plan_upgrade_required');
});

test('a member of the group approves, and the group is remembered for a minute', async () => {
  const card = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  await workspace.slack.click({ user: alice, channel, messageTs: card.ts, actionId: 'deploy.approve' });
  await whispered(workspace.slack, alice, /four-eyes/);
  const before = asked();
  await workspace.slack.click({ user: bob, channel, messageTs: card.ts, actionId: 'deploy.approve' });
  await cardWith(workspace.slack, /shop v2\.1: live\./);
  expect(asked()).toBe(before);
});

test('for some minutes a group that cannot be read keeps its known members; then it approves nothing', async () => {
  let now = 0;
  let readable = true;
  const slack: Pick<Slack, 'groupMembers'> = {
    groupMembers: async () =>
      readable
        ? { ok: true, value: [bob] }
        : { ok: false, problem: { kind: 'refused', error: 'missing_scope', sentence: 'Slack answered missing_scope' } },
  };
  const clock = { now: () => now, monotonic: () => now, sleep: () => new Promise<void>(() => {}) };
  const people = createPeople({ settings: workspace.settings, slack, clock, log: silentLog });
  const decide = () => people.decider(bob, ['group:S0APPROVERS']);
  expect(await decide()).toMatchObject({ groups: ['S0APPROVERS'] });
  readable = false;
  now += 5 * 60_000;
  expect(await decide()).toMatchObject({ groups: ['S0APPROVERS'], unreadGroups: [] });
  now += 20 * 60_000;
  const unread = [{ group: 'S0APPROVERS', why: 'Slack answered missing_scope' }];
  expect(await decide()).toMatchObject({ groups: [], unreadGroups: unread });
});
