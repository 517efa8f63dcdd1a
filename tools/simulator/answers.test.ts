// How an app answers a person: triggers and modals, response URLs, each with its clock and its limits.
import { afterEach, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { callApi, startTinyApp, startWorkspace, type TinyApp } from './testing/workspace.ts';

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

test('a trigger opens one modal within three seconds', async () => {
  const { simulator, app } = await pair();
  await simulator.command(DEPLOY);
  await simulator.command(DEPLOY);
  const [used, late] = app.received.map((request) => new URLSearchParams(request.body).get('trigger_id'));
  const view = { type: 'modal', title: { type: 'plain_text', text: 'T' }, blocks: [] };
  expect(await callApi(simulator, 'views.open', { trigger_id: used, view })).toMatchObject({ ok: true });
  expect(await callApi(simulator, 'views.open', { trigger_id: used, view })).toMatchObject({
    error: 'exchanged_trigger_id',
  });
  simulator.advance(3001);
  expect(await callApi(simulator, 'views.open', { trigger_id: late, view })).toMatchObject({
    error: 'expired_trigger_id',
  });
  expect(await callApi(simulator, 'views.open', { trigger_id: 'made.up', view })).toMatchObject({
    error: 'invalid_trigger_id',
  });
});

test('a button answer must say whether it replaces, and can replace or delete the clicked message', async () => {
  const { simulator, app } = await pair();
  const messageTs = await buttonMessage(simulator);
  await simulator.click({ user: 'bob', channel: 'deploys', messageTs, actionId: 'go' });
  const url = JSON.parse(new URLSearchParams(app.received[0]?.body).get('payload') ?? '').response_url;
  const answer = (body: object) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  expect((await answer({ text: 'silent about it' })).status).toBe(400);
  expect(simulator.violations()).toMatchObject([{ rule: 'replace_original_not_explicit' }]);
  expect((await answer({ replace_original: false, text: 'beside' })).status).toBe(200);
  expect((await answer({ replace_original: true, text: 'instead' })).status).toBe(200);
  const texts = simulator.messages({ user: 'bob', channel: 'deploys' }).map((message) => message.text);
  expect(texts).toEqual(['instead', 'beside']);
  expect((await answer({ delete_original: true })).status).toBe(200);
  expect(simulator.messages({ user: 'alice', channel: 'deploys' })).toEqual([]);
  expect((await answer({ replace_original: false })).status).toBe(400);
  const spent = await answer({ replace_original: false, text: 'a sixth' });
  expect([spent.status, await spent.json()]).toEqual([404, { ok: false, error: 'used_url' }]);
});

test('a response URL dies after thirty minutes', async () => {
  const { simulator, app } = await pair();
  await simulator.command(DEPLOY);
  const url = new URLSearchParams(app.received[0]?.body).get('response_url') ?? '';
  simulator.advance(30 * 60_000 + 1);
  const late = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"text":"late"}',
  });
  expect([late.status, await late.json()]).toEqual([404, { ok: false, error: 'expired_url' }]);
});

test('a modal that the app does not accept stays open, with a banner or under another view', async () => {
  const view = (title: string) => ({
    type: 'modal',
    callback_id: 'form',
    notify_on_close: true,
    title: { type: 'plain_text', text: title },
    submit: { type: 'plain_text', text: 'Go' },
    blocks: [
      {
        type: 'input',
        block_id: 'b',
        label: { type: 'plain_text', text: 'L' },
        element: { type: 'plain_text_input', action_id: 'a' },
      },
    ],
  });
  const answers: { status?: number; body?: string }[] = [
    {},
    { status: 500 },
    { body: JSON.stringify({ response_action: 'errors', errors: { nowhere: 'x' } }) },
    { body: JSON.stringify({ response_action: 'push', view: view('Second') }) },
    {},
    { body: JSON.stringify({ response_action: 'clear' }) },
  ];
  const { simulator, app } = await pair(() => answers.shift() ?? {});
  await simulator.command(DEPLOY);
  const trigger = new URLSearchParams(app.received[0]?.body).get('trigger_id');
  const opened = await callApi(simulator, 'views.open', { trigger_id: trigger, view: view('First') });
  const viewId = (opened.view as { id: string }).id;
  const submit = (id = viewId) => simulator.submitView({ user: 'alice', viewId: id, values: { b: 'text' } });
  expect((await submit()).banner).toMatch(/trouble connecting/);
  expect((await submit()).banner).toMatch(/trouble connecting/);
  await submit();
  const stack = simulator.modals('alice');
  expect(stack.map((each) => (each.title as { text: string }).text)).toEqual(['First', 'Second']);
  expect(stack[1]).toMatchObject({ root_view_id: viewId, previous_view_id: viewId });
  await simulator.closeView({ user: 'alice', viewId: String(stack[1]?.id) });
  expect(JSON.parse(new URLSearchParams(app.received.at(-1)?.body).get('payload') ?? '')).toMatchObject({
    type: 'view_closed',
    is_cleared: false,
  });
  await submit();
  expect(simulator.modals('alice')).toEqual([]);
});
