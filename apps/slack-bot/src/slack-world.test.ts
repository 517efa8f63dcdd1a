// Slack's own world: organisations, people who have left, cards that a person deleted, answers that Slack refuses.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { homeView } from './cards/home-view.ts';
import { whoIn } from './cards/who.ts';
import { deployModal } from './modals/deploy-modal.ts';
import { alice, bob, cards, cardWith, channel, setWorkspace, type Workspace, whispered } from './testing/workspace.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({
    target: '\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n',
    simulator: {
      enterpriseId: 'E0ORG',
      users: [
        { id: alice, name: 'alice' },
        { id: bob, name: 'bob', teamId: 'T0HOME' },
        { id: 'U0MALLORY', name: 'mallory', teamId: 'T0OTHER' },
      ],
    },
  });
});
afterAll(() => workspace?.strike());

const say = (text: string) => workspace.slack.command({ user: alice, channel, command: '/deploy', text });
const posts = () => workspace.slack.apiCalls().filter(({ method }) => method === 'chat.postMessage');

test('a first version is live', async () => {
  await say('v1.0');
  await cardWith(workspace.slack, /shop v1\.0: live\./);
});

test('a known person of another workspace of the organisation may press; a person of another company may not', async () => {
  await say('v2.1');
  const card = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  const press = (user: string) =>
    workspace.slack.click({ user, channel, messageTs: card.ts, actionId: 'deploy.approve', confirmed: true });
  await press('U0MALLORY');
  await whispered(workspace.slack, 'U0MALLORY', /Only people of this workspace/);
  await press(bob);
  await cardWith(workspace.slack, /shop v2\.1: live\./);
});

test('a finished card that a person deleted stays away', async () => {
  const before = cards(workspace.slack.messages({ channel, user: alice })).length;
  const card = await cardWith(workspace.slack, /shop v2\.1: live\./);
  const updates = () =>
    workspace.slack.apiCalls().filter(({ method, error }) => method === 'chat.update' && error === 'message_not_found');
  workspace.slack.fault({ method: 'chat.update', error: 'message_not_found', times: 'always' });
  const posted = posts().length;
  workspace.engine.outbox.again(`card:${workspace.engine.status().targets[0]?.last?.id}`, { urgent: true });
  await say('lock "quiet"');
  await workspace.slack.waitFor(() => posts().length > posted, { timeoutMs: 20_000 });
  expect(
    cards(workspace.slack.messages({ channel, user: alice })).filter(({ text }) => text === card.text),
  ).toHaveLength(1);
  expect(updates().length).toBeLessThanOrEqual(2);
  expect(before).toBeGreaterThan(0);
  workspace.slack.clearFaults();
});

test('blocks that Slack refuses in a private answer are no reason for silence', async () => {
  workspace.slack.fault({ method: 'response_url', status: 400, error: 'invalid_blocks' });
  await say('history');
  const answer = await whispered(workspace.slack, alice, /Last deployments of shop/);
  expect(answer.blocks ?? []).toEqual([]);
});

test('a refusal whose dialog came too late is shown in Home itself', async () => {
  workspace.slack.fault({ method: 'views.open', error: 'expired_trigger_id', times: 'always' });
  const status = workspace.engine.status();
  const notice = {
    text: 'no',
    blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'Refused: late' } } as const],
  };
  const home = homeView({ status, mine: [], who: whoIn([]), notice });
  expect(JSON.stringify(home.blocks[0])).toContain('Refused: late');
});

test('Home and the form say what they do not show', () => {
  const status = workspace.engine.status();
  const [target] = status.targets;
  if (target === undefined) throw new Error('no target');
  const many = { ...status, targets: Array.from({ length: 40 }, () => target) };
  const home = homeView({ status: many, mine: [], who: whoIn([]) });
  expect(JSON.stringify(home)).toContain('28 more targets');
  expect(home.blocks.length).toBeLessThanOrEqual(100);
  const releases = Array.from({ length: 118 }, (_, at) => ({
    version: `v1.${118 - at}`,
    registered: true,
    active: at === 117,
    quarantined: undefined,
  }));
  const targets = Array.from({ length: 130 }, (_, at) => ({ service: 's', target: `t${at}`, name: `t${at}` }));
  const form = JSON.stringify(deployModal({ targets, chosen: { service: 's', target: 't0' }, releases }));
  expect(form).toContain('18 more versions');
  expect(form).toContain('30 more targets');
  expect(form).toContain('v1.1 (live now)');
});
