// Channels that end, cards that a person deleted, people who left, a bot that was away: every person still gets news.
// The tests follow one another on one workspace, as a day follows its morning.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { bob as approver, awaitsApproval, finished, until, value } from '../../../../test/support/stage.ts';
import {
  alice,
  bob,
  buttonOn,
  cards,
  cardWith,
  channel,
  setWorkspace,
  textOf,
  type Workspace,
  whispered,
} from '../testing/workspace.ts';
import { transport } from './messages.ts';

const withApproval = '\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n';
const patience = { timeoutMs: 60_000 };

let workspace: Workspace;
beforeAll(async () => {
  workspace = await setWorkspace({ target: withApproval });
});
afterAll(() => workspace?.strike());

const say = (user: string, text: string) => workspace.slack.command({ user, channel, command: '/deploy', text });
const calls = (method: string) => workspace.slack.apiCalls().filter((call) => call.method === method);
/** Every card and direct message was sent or given up. */
const cardsSent = async (): Promise<void> => {
  const end = Date.now() + patience.timeoutMs;
  const due = () => workspace.engine.outbox.due(transport, 100).filter(({ kind }) => ['card', 'direct'].includes(kind));
  while (due().length > 0) {
    if (Date.now() > end) throw new Error(JSON.stringify(due()));
    await workspace.engine.changed(100);
  }
};
const direct = (user: string, pattern: RegExp) =>
  workspace.slack.waitFor(
    (messages) => messages.find((one) => one.channel === user.replace('U', 'D') && pattern.test(textOf(one))),
    patience,
  );

test('a channel that was renamed is known by its id', async () => {
  await say(alice, 'v1.0');
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  await say(alice, 'v2.1');
  await cardWith(workspace.slack, /shop v2\.1: canary 10 %, needs approval/);
  workspace.slack.changeChannel({ channel, name: 'ship-it' });
  await say(bob, 'lock "quiet"');
  await workspace.slack.waitFor(
    (messages) => cards(messages).some(({ text }) => text.includes('locks shop')),
    patience,
  );
  await say(bob, 'unlock');
});

test('a channel that was archived, at once: requester and approvers get the card, the status says so, and the button decides', async () => {
  workspace.slack.changeChannel({ channel, isArchived: true });
  const toApprover = await direct(bob, /Slack took no message in #deploys \(is_archived\)/);
  await direct(alice, /Slack took no message in #deploys/);
  expect(buttonOn(toApprover, 'approve')).toBeDefined();
  await workspace.slack.command({ user: alice, channel, command: '/deploy-status', text: '' });
  await whispered(workspace.slack, alice, /Slack takes no message in #deploys \(is_archived\)/);
  await workspace.slack.click({
    user: bob,
    channel: toApprover.channel,
    messageTs: toApprover.ts,
    actionId: 'deploy.approve',
    confirmed: true,
  });
  // The copies that both got are updated in place, as the card would be.
  for (const user of [alice, bob]) {
    const copy = await direct(user, /Slack took no message in #deploys[^"]*shop v2\.1: live/);
    expect(buttonOn(copy, 'approve')).toBeUndefined();
  }
  await direct(alice, /^🟢 \*shop v2\.1: live/);
});

test('a channel that comes back gets its card where it was; a finished card that a person then deletes stays away', async () => {
  workspace.slack.changeChannel({ channel, isArchived: false });
  await say(bob, 'lock "quiet again"');
  await say(bob, 'unlock');
  const live = await cardWith(workspace.slack, /shop v2\.1: live\./);
  const shown = () =>
    cards(workspace.slack.messages({ channel, user: alice })).filter(({ text }) => text.startsWith('shop v2.1'));
  expect(shown()).toEqual([live]);
  workspace.slack.deleteMessage({ channel, ts: live.ts });
  await say(alice, 'v2.5-slow');
  await cardWith(workspace.slack, /shop v2\.5-slow: canary 10 %, needs approval/);
  await workspace.slack.waitFor(
    () => calls('chat.update').some(({ error }) => error === 'message_not_found'),
    patience,
  );
  await cardsSent();
  expect(shown()).toEqual([]);
});

test('decided elsewhere while no bot ran, too long ago to be news: the card is updated', async () => {
  const waiting = await cardWith(workspace.slack, /shop v2\.5-slow: canary 10 %, needs approval/);
  await workspace.restart(async () => {
    const { engine, stop } = workspace.stage.drive('shell');
    const live = engine.status().targets[0]?.live;
    const { id, stateVersion } = await until(engine, live?.id ?? '', awaitsApproval);
    value(engine.approve({ id, stateVersion }, approver));
    await until(engine, id, finished);
    // What is older than a day is passed over in the same way.
    engine.moveCursor('slack', engine.audit.after(0, 5000).at(-1)?.seq ?? 0);
    await stop();
  });
  await workspace.slack.waitFor((messages) => {
    const card = messages.find(({ ts }) => ts === waiting.ts);
    return card !== undefined && /live\./.test(card.text) && buttonOn(card, 'approve') === undefined;
  }, patience);
});

test('a person who left Slack is given up at once, with one call', async () => {
  workspace.slack.fault({ method: 'chat.postMessage', channel: alice, error: 'user_not_found', times: 'always' });
  await workspace.slack.command({ user: bob, channel, command: '/rollback', text: '' });
  const asked = () => calls('chat.postMessage').filter(({ error }) => error === 'user_not_found');
  await workspace.slack.waitFor(() => asked().length > 0, patience);
  await cardWith(workspace.slack, /shop back to v2\.1: live\./);
  await cardsSent();
  expect(workspace.engine.outbox.stuck(transport, 100).filter(({ kind }) => kind === 'direct')).toEqual([]);
  expect(asked()).toHaveLength(1);
});
