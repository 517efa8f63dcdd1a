// Slack at its worst: rate limits, lost answers, deleted messages, no answer at all. Deployments go on, cards catch up.

import { afterEach, expect, test } from 'vitest';
import { finished, until } from '../../../../test/support/stage.ts';
import { alice, cards, cardWith, channel, setWorkspace, textOf, type Workspace } from '../testing/workspace.ts';

let workspace: Workspace;
afterEach(() => workspace?.strike());

const deploy = (version: string) =>
  workspace.slack.command({ user: alice, channel, command: '/deploy', text: version });
const calls = (method: string) => workspace.slack.apiCalls().filter((call) => call.method === method);
const lineKeys = (): readonly string[] =>
  workspace.slack
    .messages({ channel, user: alice, thread: cards(workspace.slack.messages({ channel, user: alice }))[0]?.ts })
    .slice(1)
    .flatMap(({ text }) => text.split('\n'));

test('a lost answer to a post leaves exactly one card and one of each line, also behind 2,500 channels', async () => {
  const others = Array.from({ length: 2500 }, (_, at) => ({ id: `C0MANY${at}`, name: `many-${at}` }));
  workspace = await setWorkspace({
    simulator: { channels: [...others, { id: channel, name: 'deploys', hasBot: true }] },
  });
  workspace.slack.fault({ method: 'chat.postMessage', drop: 'after', times: 3 });
  await deploy('v1.0');
  const card = await cardWith(workspace.slack, /shop v1\.0: live\./);
  await workspace.slack.waitFor((messages) =>
    messages.some(({ threadTs, text }) => threadTs === card.ts && text.includes('v1.0 is live')),
  );
  expect(cards(workspace.slack.messages({ channel, user: alice }))).toHaveLength(1);
  const lines = lineKeys();
  expect(lines.length).toBeGreaterThan(1);
  expect(new Set(lines).size).toBe(lines.length);
});

test('a request that never reached Slack is repeated', async () => {
  workspace = await setWorkspace();
  workspace.slack.fault({ method: 'chat.postMessage', drop: 'before', times: 2 });
  await deploy('v1.0');
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  expect(cards(workspace.slack.messages({ channel, user: alice }))).toHaveLength(1);
});

test('a rate limit delays its own method and no other', async () => {
  workspace = await setWorkspace();
  workspace.slack.fault({ method: 'chat.update', status: 429, retryAfter: 6 });
  await deploy('v1.0');
  await workspace.slack.waitFor(() => calls('chat.update').some(({ status }) => status === 429), {
    timeoutMs: 30_000,
  });
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  const [limited, next] = calls('chat.update').map(({ at }) => Date.parse(String(at)));
  const posted = calls('chat.postMessage').map(({ at }) => Date.parse(String(at)));
  expect(Number(next) - Number(limited)).toBeGreaterThanOrEqual(5_900);
  expect(posted.some((at) => at > Number(limited) && at < Number(next))).toBe(true);
});

test('a card that a person deleted is posted again, and continues there', async () => {
  workspace = await setWorkspace();
  workspace.slack.fault({ method: 'chat.update', error: 'message_not_found', times: 1 });
  await deploy('v1.0');
  const live = await cardWith(workspace.slack, /shop v1\.0: live\./);
  const all = cards(workspace.slack.messages({ channel, user: alice }));
  expect(all).toHaveLength(2);
  expect(live.ts).toBe(all[1]?.ts);
  expect(all.some((message) => textOf(message).includes('an earlier message'))).toBe(true);
});

test('Slack is down during a whole deployment: it succeeds all the same, and the card is right afterwards', async () => {
  workspace = await setWorkspace();
  workspace.slack.fault({ method: '*', status: 503, times: 'always' });
  await deploy('v1.0');
  const [running] = await workspace.slack.waitFor(() => {
    const live = workspace.engine.status().targets[0]?.live;
    return live && [live];
  });
  const ended = await until(workspace.engine, running?.id ?? '', finished);
  expect(ended.outcome).toMatchObject({ kind: 'promoted' });
  expect(cards(workspace.slack.messages({ channel, user: alice }))).toHaveLength(0);
  workspace.slack.clearFaults();
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  expect(cards(workspace.slack.messages({ channel, user: alice }))).toHaveLength(1);
});

test('another bot on the same state goes on where the first one stopped, with the same card', async () => {
  workspace = await setWorkspace({ target: '\n        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n' });
  await deploy('v1.0');
  await cardWith(workspace.slack, /shop v1\.0: live\./);
  await deploy('v2.1');
  const waiting = await cardWith(workspace.slack, /v2\.1: canary 10 %, needs approval/);
  await workspace.restart();
  await workspace.slack.click({ user: 'U0BOB', channel, messageTs: waiting.ts, actionId: 'deploy.approve' });
  const live = await cardWith(workspace.slack, /shop v2\.1: live\./);
  expect(live.ts).toBe(waiting.ts);
  expect(cards(workspace.slack.messages({ channel, user: alice }))).toHaveLength(2);
});

test('blocks that Slack does not take are no reason for silence: the text goes without them', async () => {
  workspace = await setWorkspace();
  workspace.slack.fault({ method: 'chat.postMessage', error: 'invalid_blocks' });
  await deploy('v1.0');
  const card = await workspace.slack.waitFor((messages) => cards(messages)[0]);
  expect(card.text).toContain('shop v1.0');
  await cardWith(workspace.slack, /shop v1\.0: live\./);
});
