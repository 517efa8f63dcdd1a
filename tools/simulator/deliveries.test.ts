// What the workspace sends, seen from an app that was written without it: bytes, headers, clocks, retries, faults.
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { BOT_TOKEN, callApi, startTinyApp, startWorkspace, type TinyApp, until } from './testing/workspace.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function pair(
  answer?: Parameters<typeof startTinyApp>[0],
  options: Parameters<typeof startWorkspace>[0] = {},
): Promise<{ simulator: Simulator; app: TinyApp }> {
  const app = await startTinyApp(answer);
  open.push(app);
  const simulator = await startWorkspace({ appUrl: app.url, ...options });
  open.push(simulator);
  return { simulator, app };
}

async function buttonMessage(simulator: Simulator, more: object = {}): Promise<string> {
  const posted = await callApi(simulator, 'chat.postMessage', {
    channel: 'C0DEPLOYS',
    text: 'card',
    blocks: [
      {
        type: 'actions',
        elements: [
          { type: 'button', action_id: 'go', value: 'd:1', text: { type: 'plain_text', text: 'Go' }, ...more },
        ],
      },
    ],
  });
  return String(posted.ts);
}

const DEPLOY = { user: 'alice', channel: 'deploys', command: '/deploy', text: 'v2.1' };

test('a command arrives as a signed form with the exact content type and every documented field', async () => {
  const { simulator, app } = await pair();
  const result = await simulator.command({
    ...DEPLOY,
    text: 'v2.1 for @bob in #deploys see https://ci.example.com/1 <b>',
  });
  expect(result).toMatchObject({ status: 200, ackBody: '' });
  const [request] = app.received;
  expect(request?.isSigned).toBe(true);
  expect(request?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect(request?.headers['user-agent']).toMatch(/^Slackbot 1\.0/);
  const form = Object.fromEntries(new URLSearchParams(request?.body));
  expect(form).toMatchObject({
    team_id: 'T0SIMULATOR',
    team_domain: 'simulator',
    channel_id: 'C0DEPLOYS',
    channel_name: 'deploys',
    user_id: 'U0ALICE',
    user_name: 'alice',
    command: '/deploy',
    text: 'v2.1 for <@U0BOB|bob> in <#C0DEPLOYS|deploys> see <https://ci.example.com/1> &lt;b&gt;',
    is_enterprise_install: 'false',
  });
  expect(form.response_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/response\/commands\//);
  expect(form.trigger_id).toBeTruthy();
});

test('a command without should_escape keeps its text as typed', async () => {
  const { simulator, app } = await pair();
  await simulator.command({ user: 'alice', channel: 'deploys', command: '/rollback', text: '@bob <v1>' });
  expect(new URLSearchParams(app.received[0]?.body).get('text')).toBe('@bob <v1>');
});

test('an answer in the acknowledgement is shown only to the person, or to all when it says so', async () => {
  const answers = ['just text', JSON.stringify({ response_type: 'in_channel', text: 'for all' })];
  const { simulator } = await pair(() => ({ body: answers.shift() ?? '' }));
  await simulator.command(DEPLOY);
  await simulator.command(DEPLOY);
  const texts = (user: string) => simulator.messages({ user, channel: 'deploys' }).map((message) => message.text);
  expect(texts('alice')).toEqual(['just text', '/deploy v2.1', 'for all']);
  expect(texts('bob')).toEqual(['/deploy v2.1', 'for all']);
});

test('an app that takes longer than three seconds has timed out, and only the person hears of it', async () => {
  const { simulator } = await pair(() => ({ afterMs: 4500 }));
  const result = await simulator.command(DEPLOY);
  expect(result).toMatchObject({ status: null, error: 'operation_timeout' });
  expect(result.ms).toBeGreaterThan(2900);
  const [line] = simulator.messages({ user: 'alice', channel: 'deploys' });
  expect(line).toMatchObject({
    user: 'USLACKBOT',
    isEphemeral: true,
    text: '/deploy failed with the error "operation_timeout"',
  });
  expect(simulator.messages({ user: 'bob', channel: 'deploys' })).toEqual([]);
});

test('an app that answers 404, or is not there, has failed to dispatch', async () => {
  const { simulator, app } = await pair(() => ({ status: 404 }));
  expect(await simulator.command(DEPLOY)).toMatchObject({ status: 404, error: 'dispatch_failed' });
  await app.close();
  expect(await simulator.command(DEPLOY)).toMatchObject({ status: null, error: 'dispatch_failed' });
});

test('what is not a command of the app never reaches it', async () => {
  const { simulator, app } = await pair();
  expect(await simulator.command({ ...DEPLOY, command: '/nonsense' })).toMatchObject({ error: 'unknown_command' });
  expect(app.received).toHaveLength(0);
});

test('a click carries the message, the state, a trigger and a response URL', async () => {
  const { simulator, app } = await pair();
  const messageTs = await buttonMessage(simulator);
  await simulator.click({ user: 'bob', channel: 'deploys', messageTs, actionId: 'go' });
  const payload = JSON.parse(new URLSearchParams(app.received[0]?.body).get('payload') ?? '');
  expect(payload).toMatchObject({
    type: 'block_actions',
    user: { id: 'U0BOB', username: 'bob', team_id: 'T0SIMULATOR' },
    container: { type: 'message', message_ts: messageTs, channel_id: 'C0DEPLOYS', is_ephemeral: false },
    channel: { id: 'C0DEPLOYS', name: 'deploys' },
    message: { ts: messageTs, text: 'card', bot_id: 'B0SIMULATOR' },
    state: { values: {} },
    actions: [{ type: 'button', action_id: 'go', value: 'd:1', text: { type: 'plain_text', text: 'Go' } }],
  });
  expect(payload.response_url).toContain('/response/actions/');
  expect(payload.trigger_id).toBeTruthy();
});

test('a button with a confirm dialog is not clicked until the person confirms', async () => {
  const { simulator, app } = await pair();
  const plain = (text: string) => ({ type: 'plain_text', text });
  const confirm = { title: plain('Sure?'), text: plain('It goes live'), confirm: plain('Go'), deny: plain('Stay') };
  const click = {
    user: 'bob',
    channel: 'deploys',
    messageTs: await buttonMessage(simulator, { confirm }),
    actionId: 'go',
  };
  expect(await simulator.click(click)).toMatchObject({ error: 'needs_confirm' });
  expect(app.received).toHaveLength(0);
  expect(await simulator.click({ ...click, confirmed: true })).toMatchObject({ status: 200 });
});

test('a double click is two deliveries with two triggers; a forged value and a stale button can be sent', async () => {
  const { simulator, app } = await pair();
  const click = { user: 'bob', channel: 'deploys', messageTs: await buttonMessage(simulator), actionId: 'go' };
  await simulator.click({ ...click, times: 2, value: 'forged' });
  const payloads = app.received.map((request) => JSON.parse(new URLSearchParams(request.body).get('payload') ?? ''));
  expect(payloads.map((payload) => payload.actions[0].value)).toEqual(['forged', 'forged']);
  expect(new Set(payloads.map((payload) => payload.trigger_id)).size).toBe(2);
  await callApi(simulator, 'chat.update', { channel: 'C0DEPLOYS', ts: click.messageTs, text: 'done', blocks: [] });
  await expect(simulator.click(click)).rejects.toMatchObject({ code: 'element-not-found' });
  expect(await simulator.click({ ...click, stale: true })).toMatchObject({ status: 200 });
});

test('a replay is the same bytes with the same signature and timestamp', async () => {
  const { simulator, app } = await pair();
  const { deliveryId } = await simulator.command(DEPLOY);
  await simulator.replay(deliveryId ?? '');
  const [first, second] = app.received;
  expect(second?.body).toBe(first?.body);
  expect(second?.headers['x-slack-signature']).toBe(first?.headers['x-slack-signature']);
  expect(second?.isSigned).toBe(true);
  await expect(simulator.replay('DLNOTHING')).rejects.toMatchObject({ code: 'not-found' });
});

test('a skewed clock changes the timestamp and still signs it', async () => {
  const { simulator, app } = await pair();
  simulator.fault({ clockSkewSeconds: 600 });
  await simulator.command(DEPLOY);
  const [request] = app.received;
  expect(request?.isSigned).toBe(true);
  expect(Number(request?.headers['x-slack-request-timestamp']) - Date.now() / 1000).toBeGreaterThan(590);
});

test('a delivery can be dropped on either side, delayed behind a later one, and sent more than once', async () => {
  const { simulator, app } = await pair();
  simulator.fault({ delivery: 'command', drop: 'before' });
  expect(await simulator.command(DEPLOY)).toMatchObject({ error: 'dispatch_failed' });
  expect(app.received).toHaveLength(0);
  simulator.fault({ delivery: 'command', drop: 'after' });
  expect(await simulator.command(DEPLOY)).toMatchObject({ error: 'operation_timeout' });
  expect(app.received).toHaveLength(1);
  simulator.fault({ delivery: 'command', duplicate: 2 });
  await simulator.command({ ...DEPLOY, text: 'thrice' });
  expect(app.received).toHaveLength(4);
  simulator.fault({ delivery: 'command', delayMs: 400 });
  await Promise.all([
    simulator.command({ ...DEPLOY, text: 'first' }),
    simulator.command({ ...DEPLOY, text: 'second' }),
  ]);
  expect(app.received.slice(4).map((request) => new URLSearchParams(request.body).get('text'))).toEqual([
    'second',
    'first',
  ]);
});

test('an event is sent again three times with the reason, always under the same id', async () => {
  const { simulator, app } = await pair(() => ({ status: 500 }));
  await simulator.openHome('alice');
  await until(() => app.received.length === 4);
  expect(app.received.map((request) => request.headers['x-slack-retry-num'])).toEqual([undefined, '1', '2', '3']);
  expect(app.received[1]?.headers['x-slack-retry-reason']).toBe('http_error');
  expect(new Set(app.received.map((request) => JSON.parse(request.body).event_id)).size).toBe(1);
  expect(app.received.every((request) => request.isSigned)).toBe(true);
});

test('an app that says x-slack-no-retry is not asked again', async () => {
  const { simulator, app } = await pair(() => ({ status: 500, headers: { 'x-slack-no-retry': '1' } }));
  await simulator.openHome('alice');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(app.received).toHaveLength(1);
});

test('people write messages the app may hear of, and the challenge of a request URL is sent', async () => {
  const { simulator, app } = await pair(({ body }) => ({ body: body.includes('challenge') ? body : '' }));
  await simulator.say({ user: 'alice', channel: 'D0ALICE', text: 'hello & @bob' });
  expect(JSON.parse(app.received[0]?.body ?? '')).toMatchObject({
    type: 'event_callback',
    event: { type: 'message', channel_type: 'im', user: 'U0ALICE', text: 'hello &amp; <@U0BOB|bob>' },
  });
  expect(await simulator.verifyUrl()).toMatchObject({ status: 200 });
  expect(JSON.parse(app.received[1]?.body ?? '')).toMatchObject({ type: 'url_verification' });
});

test('everything is in the journal, and no token is', async () => {
  const journal = join(tmpdir(), `simulator-journal-${process.pid}.jsonl`);
  try {
    const { simulator } = await pair(undefined, { journal });
    await simulator.command(DEPLOY);
    await callApi(simulator, 'chat.postMessage', { channel: 'C0DEPLOYS', text: 'noted', token: BOT_TOKEN });
    await simulator.close();
    open.pop();
    const lines = readFileSync(journal, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.kind)).toEqual(['command', 'api']);
    expect(JSON.stringify(lines)).not.toContain(BOT_TOKEN);
  } finally {
    rmSync(journal, { force: true });
  }
});
