// Approvers named by a Slack user group: asked for when it matters, refused closed when it cannot be read.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { alice, bob, cardWith, channel, setWorkspace, textOf, type Workspace, whispered } from './testing/workspace.ts';

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

test('nobody asks for a group before somebody decides; one that cannot be read approves nothing', async () => {
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v1.0' });
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v2.1' });
  const card = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  expect(textOf(card)).toContain('<!subteam^S0APPROVERS>');
  expect(asked()).toBe(0);
  workspace.slack.fault({ method: 'usergroups.users.list', error: 'plan_upgrade_required' });
  await workspace.slack.click({ user: bob, channel, messageTs: card.ts, actionId: 'deploy.approve' });
  await whispered(workspace.slack, bob, /not-approver/);
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
