// What only one person sees reaches that person: without its blocks where Slack refuses them, in Home where no dialog
// opens, and it says what it leaves out.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkView } from '../../../../tools/simulator/validate/view.ts';
import { textAlone } from '../cards/blocks.ts';
import { homeView } from '../cards/home-view.ts';
import { readHomePages } from '../cards/pages.ts';
import { mentionFormatter } from '../cards/people-formatter.ts';
import { targetView } from '../testing/target-views.ts';
import { everyView } from '../testing/views.ts';
import { alice, bob, channel, setWorkspace, type Workspace, whispered } from '../testing/workspace.ts';

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({ target: '\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n' });
});
afterAll(() => workspace?.strike());

const say = (text: string) => workspace.slack.command({ user: alice, channel, command: '/deploy', text });
const answers = (pattern: RegExp) =>
  workspace.slack.messages({ channel, user: alice }).filter((one) => one.isEphemeral && pattern.test(one.text));

test('Slack refuses the blocks of a private answer: its text goes without them, once', async () => {
  workspace.slack.fault({ method: 'response_url', status: 400, error: 'invalid_blocks' });
  await say('help');
  const answer = await whispered(workspace.slack, alice, /\/rollback/);
  expect(answer.blocks).toEqual([]);
  expect(answers(/\/rollback/)).toHaveLength(1);
});

test('the response URL is gone and the blocks are refused: the text goes as an ephemeral message', async () => {
  workspace.slack.fault({ method: 'response_url', status: 404, error: 'expired_url' });
  workspace.slack.fault({ method: 'chat.postEphemeral', error: 'invalid_blocks' });
  await say('history');
  const answer = await whispered(workspace.slack, alice, /No deployment|Last deployments/);
  expect(answer.blocks).toEqual([]);
});

test('a refusal whose dialog does not open is shown in Home itself', async () => {
  await workspace.slack.openHome(bob);
  await workspace.slack.waitFor(() => workspace.slack.home(bob));
  await say('v1.0');
  await workspace.slack.waitFor(
    () => {
      const [target] = workspace.engine.status().targets;
      return target?.last?.outcome !== undefined && target.live === undefined;
    },
    { timeoutMs: 60_000 },
  );
  await say('v2.1');
  await workspace.slack.waitFor(() => workspace.engine.status().targets[0]?.live?.approval?.status === 'pending', {
    timeoutMs: 60_000,
  });
  await workspace.slack.openHome(bob);
  await workspace.slack.waitFor(() => JSON.stringify(workspace.slack.home(bob)).includes('deploy.approve'));
  workspace.slack.fault({ method: 'views.open', error: 'expired_trigger_id', times: 'always' });
  const viewId = String(workspace.slack.home(bob)?.id);
  await workspace.slack.click({ user: bob, viewId, actionId: 'deploy.approve', confirmed: true, times: 2 });
  await workspace.slack.waitFor(() => JSON.stringify(workspace.slack.home(bob)).includes('already approved by bob'), {
    timeoutMs: 20_000,
  });
});

test('each list of Home has pages, and they fit into a view', () => {
  const { approval: waiting } = everyView;
  if (waiting === undefined) throw new Error('no such view');
  const targets = Array.from({ length: 40 }, (_, at) => targetView({ name: `shop-${at}` }));
  const many = { targets, at: 0, driver: 'test', warnings: [] };
  const mine = Array.from({ length: 20 }, (_, at) => ({ ...waiting, id: `d_${at}` }));
  const draw = (pages?: string) =>
    homeView({ status: many, mine, formatter: mentionFormatter([]), pages: readHomePages(pages) });
  const first = draw();
  expect(checkView(first, 'home')).toMatchObject({ ok: true });
  const text = JSON.stringify(first);
  expect(text).toContain('1 to 12 of 40 targets');
  expect(text).toContain('1 to 12 of 40 deployments');
  expect(text).toContain('1 to 12 of 20 approvals');
  expect(text).toContain('"action_id":"deploy.home-page:targets:next","text":{"type":"plain_text","text":"Next"');
  // The last page of one list, while the others stay where they are; a page that is gone becomes the last one.
  const last = draw('1.0.9');
  expect(checkView(last, 'home')).toMatchObject({ ok: true });
  expect(last.private_metadata).toBe('1.0.3');
  expect(JSON.stringify(last)).toContain('*shop-39*');
  expect(JSON.stringify(last)).not.toContain('*shop-11*');
  expect(JSON.stringify(last)).toContain('37 to 40 of 40 targets');
});

test('a text that goes without blocks is never cut through a character or an entity', () => {
  for (const text of ['a'.repeat(1499) + '🧨'.repeat(10), `${'a'.repeat(1497)}&amp;${'b'.repeat(100)}`]) {
    const alone = textAlone({ text, blocks: [] }).text;
    expect(alone.length).toBeLessThanOrEqual(1500);
    expect(alone.isWellFormed()).toBe(true);
    expect(alone).not.toMatch(/&\w*…$/);
  }
});
