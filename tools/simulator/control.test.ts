// The control API over HTTP, and what keeps unauthenticated senders out of it.
import { request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { callApi, startTinyApp, startWorkspace, type TinyApp } from './testing/workspace.ts';

let simulator: Simulator;
let app: TinyApp;

beforeEach(async () => {
  app = await startTinyApp();
  simulator = await startWorkspace({ appUrl: app.url });
});

afterEach(async () => {
  await simulator.close();
  await app.close();
});

const HEADERS = { 'x-simulator-control': '1', 'content-type': 'application/json' };

async function control(
  verb: string,
  body?: object,
  headers: Record<string, string> = HEADERS,
): Promise<{ status: number; body: unknown }> {
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${simulator.url}/control/${verb}`, init);
  return { status: response.status, body: await response.json() };
}

/** fetch does not let a caller choose Host, Origin or Sec-Fetch-Site. */
function raw(path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${simulator.url}${path}`, { headers, agent: false }, (incoming) => {
      incoming.destroy();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('another process can type, read, click and break things', async () => {
  await callApi(simulator, 'chat.postMessage', {
    channel: 'C0DEPLOYS',
    text: 'card',
    blocks: [
      { type: 'actions', elements: [{ type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } }] },
    ],
  });
  const command = { user: 'alice', channel: 'deploys', command: '/deploy', text: 'v2.1' };
  expect(await control('command', command)).toMatchObject({ status: 200, body: { status: 200 } });
  const seen = await control('messages?user=alice&channel=deploys');
  expect(seen).toMatchObject({ status: 200, body: [{ text: 'card', isEphemeral: false }] });
  const [{ ts }] = seen.body as [{ ts: string }];
  expect(await control('click', { user: 'bob', channel: 'deploys', messageTs: ts, actionId: 'go' })).toMatchObject({
    body: { status: 200 },
  });
  expect(await control('fault', { delivery: '*', drop: 'before', times: 'always' })).toMatchObject({ status: 200 });
  expect(await control('command', command)).toMatchObject({ body: { error: 'dispatch_failed' } });
  expect(await control('clear-faults', {})).toMatchObject({ status: 200 });
  expect(await control('command', command)).toMatchObject({ body: { status: 200 } });
  expect((await control('deliveries')).body).toHaveLength(4);
});

test('wrong input is answered with what is wrong', async () => {
  expect(await control('command', { user: 'alice' })).toMatchObject({
    status: 400,
    body: { message: 'command needs "channel"' },
  });
  expect(await control('command', { user: 'nobody', channel: 'deploys', command: '/deploy' })).toMatchObject({
    status: 404,
    body: { message: 'there is no person "nobody" in the workspace' },
  });
  expect(await control('fault', { method: 'a', delivery: '*' })).toMatchObject({ status: 400 });
  expect(await control('explode', {})).toMatchObject({
    status: 404,
    body: { message: 'there is no control "explode"' },
  });
});

test('a call without the header, from another origin or under another name is refused', async () => {
  expect(await control('clear-faults', {}, { 'content-type': 'application/json' })).toMatchObject({ status: 403 });
  const host = new URL(simulator.url).host;
  expect(await raw('/control/deliveries', { ...HEADERS, host })).toBe(200);
  expect(await raw('/control/deliveries', { ...HEADERS, host, origin: 'http://evil.example' })).toBe(403);
  expect(await raw('/control/deliveries', { ...HEADERS, host: 'evil.example' })).toBe(403);
  expect(await raw('/api/auth.test', { host: 'evil.example' })).toBe(403);
  expect(await raw('/', { host: 'evil.example' })).toBe(403);
  expect(await raw('/control/stream', { host, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await raw('/control/stream', { host, 'sec-fetch-site': 'same-origin' })).toBe(200);
});

test('the page allows no script but its own', async () => {
  const policy = (await fetch(simulator.url)).headers.get('content-security-policy');
  expect(policy).toMatch(/default-src 'none'; script-src 'self';/);
  expect(policy).not.toContain('unsafe');
});

test('waiting for a message that never comes ends with what was there instead', async () => {
  await callApi(simulator, 'chat.postMessage', { channel: 'C0DEPLOYS', text: 'something else' });
  const waiting = simulator.waitFor((all) => all.find((message) => message.text === 'never'), { timeoutMs: 100 });
  await expect(waiting).rejects.toThrow(/within 100 ms.*\n {2}something else/);
});
