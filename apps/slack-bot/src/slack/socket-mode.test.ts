// The same bot without a public address: Slack's requests come through a WebSocket that the bot opened.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProxy, type TestProxy } from '../testing/proxy.ts';
import { alice, buttonOn, cardWith, channel, setWorkspace, type Workspace, whispered } from '../testing/workspace.ts';

let workspace: Workspace;
let proxy: TestProxy;
beforeAll(async () => {
  proxy = await startProxy();
  workspace = await setWorkspace({
    socketMode: true,
    // As on a server that reaches the internet only through a proxy.
    proxy,
  });
});
afterAll(async () => {
  await workspace?.strike();
  proxy?.close();
});

/** Waits for a connection made after the `nth` request for one; the old one may take a moment to go. */
const connected = async (nth: number): Promise<void> => {
  const end = Date.now() + 60_000;
  const asked = () => workspace.slack.apiCalls().filter(({ method }) => method === 'apps.connections.open').length;
  for (let calm = 0; calm < 10; calm = asked() >= nth && workspace.slack.connectedSockets() === 1 ? calm + 1 : 0) {
    if (Date.now() > end) throw new Error('never connected');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

test('a command through the socket becomes a card', async () => {
  await connected(1);
  expect(workspace.bot.port).toBeUndefined();
  await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'v1.0' });
  const live = await cardWith(workspace.slack, /shop v1\.0: live\./);
  expect(buttonOn(live, 'rollback')).toBeUndefined();
});

test('when Slack asks for a new connection, it is there before a person notices', async () => {
  await connected(1);
  const asked = Date.now();
  workspace.slack.disconnectSockets('refresh_requested');
  await connected(2);
  expect(Date.now() - asked).toBeLessThan(15_000);
  const typed = await workspace.slack.command({ user: alice, channel, command: '/deploy', text: 'history' });
  expect(typed).toMatchObject({ status: 200 });
  await whispered(workspace.slack, alice, /Last deployments of shop/);
});

const opened = () => workspace.slack.apiCalls().filter(({ method }) => method === 'apps.connections.open');

test('Slack says how long to wait before the next connection, and the bot waits that long', async () => {
  workspace.slack.fault({ method: 'apps.connections.open', status: 429, retryAfter: 3 });
  const before = opened().length;
  workspace.slack.disconnectSockets('refresh_requested');
  await connected(before + 2);
  const [limited, next] = opened().slice(before);
  expect(limited?.status).toBe(429);
  expect(Date.parse(String(next?.at)) - Date.parse(String(limited?.at))).toBeGreaterThanOrEqual(2900);
});

test('Slack closes each connection at once: the bot asks for the next one ever more slowly', async () => {
  workspace.slack.fault({ method: 'socket', times: 'always' });
  const before = opened().length;
  workspace.slack.disconnectSockets('refresh_requested');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  // Without a wait it asks some hundred times a second.
  expect(opened().length - before).toBeLessThan(10);
  workspace.slack.clearFaults();
  await connected(before + 2);
});

test('every call and the socket itself went through the proxy', async () => {
  const { host } = new URL(workspace.slack.url);
  expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(workspace.environment.apiUrl).host, host]));
  const before = proxy.tunnels.length;
  const opens = opened().length;
  workspace.slack.disconnectSockets('refresh_requested');
  await connected(opens + 1);
  expect(proxy.tunnels.length).toBeGreaterThan(before);
});
