// The simulator against the real thing on the other side: Bolt and its WebClient, unchanged.
import type { App } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { afterEach, describe, expect, test } from 'vitest';
import type { Simulator } from './index.ts';
import { BOT_TOKEN, clientOptions, startBoltApp, startWorkspace, until } from './testing/workspace.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function workspace(
  arm: (app: App) => void = () => {},
  options: Parameters<typeof startWorkspace>[0] = {},
): Promise<Simulator> {
  const simulator = await startWorkspace(options);
  open.push(simulator);
  const app = await startBoltApp(simulator, arm);
  open.push({ close: app.stop });
  return simulator;
}

function button(actionId: string, value: string, more: object = {}) {
  return {
    type: 'button' as const,
    action_id: actionId,
    text: { type: 'plain_text' as const, text: actionId },
    value,
    ...more,
  };
}

describe('a Bolt app in the workspace', () => {
  test('answers a command with a message all people see', async () => {
    const simulator = await workspace((app) => {
      app.command('/deploy', async ({ ack, command, client }) => {
        await ack();
        await client.chat.postMessage({
          channel: command.channel_id,
          text: `deploying ${command.text} for <@${command.user_id}>`,
        });
      });
    });
    const result = await simulator.command({ user: 'alice', channel: 'deploys', command: '/deploy', text: 'v2.1' });
    expect(result).toMatchObject({ status: 200, ackBody: '' });
    const message = await simulator.waitFor((all) => all.find((each) => each.text.startsWith('deploying v2.1')));
    expect(message).toMatchObject({
      channel: 'C0DEPLOYS',
      user: 'U0BOT',
      isEphemeral: false,
      text: 'deploying v2.1 for <@U0ALICE>',
    });
    expect(simulator.messages({ user: 'eve', channel: 'deploys' })).toHaveLength(1);
  });

  test('updates its message when a person clicks the button, and gets value, message and state', async () => {
    const clicks: unknown[] = [];
    const simulator = await workspace((app) => {
      app.action('deploy.promote', async ({ ack, body, client, action }) => {
        await ack();
        clicks.push({ action, user: body.user.id });
        if (body.type !== 'block_actions' || body.message === undefined || body.channel === undefined) return;
        await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: 'promoted', blocks: [] });
      });
    });
    const client = new WebClient(BOT_TOKEN, clientOptions(simulator));
    const posted = await client.chat.postMessage({
      channel: 'C0DEPLOYS',
      text: 'v2.1 waits',
      blocks: [{ type: 'actions', elements: [button('deploy.promote', 'd_1:12')] }],
    });
    await simulator.click({
      user: 'bob',
      channel: 'deploys',
      messageTs: String(posted.ts),
      actionId: 'deploy.promote',
    });
    await simulator.waitFor((all) => all.find((message) => message.text === 'promoted'));
    expect(clicks).toMatchObject([{ user: 'U0BOB', action: { type: 'button', value: 'd_1:12' } }]);
  });

  test('opens a modal from a click, refuses an input, and closes it on the second try', async () => {
    const simulator = await workspace((app) => {
      app.action('deploy.reject', async ({ ack, body, client }) => {
        await ack();
        if (body.type !== 'block_actions') return;
        await client.views.open({
          trigger_id: body.trigger_id,
          view: {
            type: 'modal',
            callback_id: 'reject',
            title: { type: 'plain_text', text: 'Reject' },
            submit: { type: 'plain_text', text: 'Reject' },
            blocks: [
              {
                type: 'input',
                block_id: 'why',
                label: { type: 'plain_text', text: 'Why' },
                element: { type: 'plain_text_input', action_id: 'reason' },
              },
            ],
          },
        });
      });
      app.view('reject', async ({ ack, view }) => {
        const reason = view.state.values.why?.reason?.value ?? '';
        if (reason.length < 5) await ack({ response_action: 'errors', errors: { why: 'Say a little more' } });
        else await ack();
      });
    });
    const client = new WebClient(BOT_TOKEN, clientOptions(simulator));
    const posted = await client.chat.postMessage({
      channel: 'C0DEPLOYS',
      text: 'approve?',
      blocks: [{ type: 'actions', elements: [button('deploy.reject', 'd_1')] }],
    });
    await simulator.click({ user: 'bob', channel: 'deploys', messageTs: String(posted.ts), actionId: 'deploy.reject' });
    const viewId = await until(() => simulator.modals('bob')[0]?.id as string | undefined);
    expect(await simulator.submitView({ user: 'bob', viewId })).toMatchObject({
      error: 'not_submitted',
      errors: { why: 'Please complete this required field.' },
    });
    const refused = await simulator.submitView({ user: 'bob', viewId, values: { why: 'no' } });
    expect(refused.errors).toEqual({ why: 'Say a little more' });
    expect(simulator.modals('bob')).toHaveLength(1);
    const accepted = await simulator.submitView({
      user: 'bob',
      viewId,
      values: { why: { reason: 'too many errors' } },
    });
    expect(accepted).toMatchObject({ status: 200, ackBody: '' });
    expect(simulator.modals('bob')).toHaveLength(0);
  });

  test('sends one person a message no other person sees, and cannot update it later', async () => {
    const simulator = await workspace();
    const client = new WebClient(BOT_TOKEN, clientOptions(simulator));
    const sent = await client.chat.postEphemeral({ channel: 'C0DEPLOYS', user: 'U0EVE', text: 'you may not' });
    expect(simulator.messages({ user: 'eve', channel: 'deploys' }).map((message) => message.text)).toEqual([
      'you may not',
    ]);
    expect(simulator.messages({ user: 'alice', channel: 'deploys' })).toEqual([]);
    await expect(
      client.chat.update({ channel: 'C0DEPLOYS', ts: String(sent.message_ts), text: 'x' }),
    ).rejects.toMatchObject({
      data: { error: 'message_not_found' },
    });
  });

  test('gets Retry-After from a 429 and can post again afterwards', async () => {
    const simulator = await workspace();
    const client = new WebClient(BOT_TOKEN, clientOptions(simulator));
    simulator.fault({ method: 'chat.postMessage', status: 429, retryAfter: 7 });
    await expect(client.chat.postMessage({ channel: 'C0DEPLOYS', text: 'one' })).rejects.toMatchObject({
      retryAfter: 7,
    });
    await client.chat.postMessage({ channel: 'C0DEPLOYS', text: 'two' });
    expect(simulator.messages({ user: 'alice', channel: 'deploys' }).map((message) => message.text)).toEqual(['two']);
    expect(simulator.apiCalls().map((call) => call.status)).toContain(429);
  });

  test('loses the answer to a call that was carried out, and to one that was not', async () => {
    const simulator = await workspace();
    const client = new WebClient(BOT_TOKEN, clientOptions(simulator));
    simulator.fault({ method: 'chat.postMessage', drop: 'after' });
    await expect(client.chat.postMessage({ channel: 'C0DEPLOYS', text: 'heard' })).rejects.toThrow();
    simulator.fault({ method: 'chat.postMessage', drop: 'before' });
    await expect(client.chat.postMessage({ channel: 'C0DEPLOYS', text: 'not heard' })).rejects.toThrow();
    expect(simulator.messages({ user: 'alice', channel: 'deploys' }).map((message) => message.text)).toEqual(['heard']);
  });

  test('answers through a response URL, five times and no more', async () => {
    const outcomes: string[] = [];
    const simulator = await workspace((app) => {
      app.command('/rollback', async ({ ack, respond }) => {
        await ack();
        for (let use = 1; use <= 6; use += 1) {
          await respond({ text: `answer ${use}`, response_type: use === 1 ? 'in_channel' : 'ephemeral' }).then(
            () => outcomes.push('ok'),
            (error: { statusCode?: number }) => outcomes.push(String(error.statusCode)),
          );
        }
      });
    });
    await simulator.command({ user: 'alice', channel: 'general', command: '/rollback' });
    await until(() => outcomes.length === 6);
    expect(outcomes).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', '404']);
    expect(simulator.messages({ user: 'bob', channel: 'general' }).map((message) => message.text)).toEqual([
      'answer 1',
    ]);
  });

  test('fills an external select and the Home tab', async () => {
    const simulator = await workspace((app) => {
      app.options('version', async ({ ack, payload }) => {
        const all = ['v2.0', 'v2.1', 'v3.0'].filter((version) => version.startsWith(payload.value));
        await ack({ options: all.map((value) => ({ text: { type: 'plain_text', text: value }, value })) });
      });
      app.event('app_home_opened', async ({ event, client }) => {
        const blocks = [
          { type: 'section' as const, text: { type: 'mrkdwn' as const, text: `hello <@${event.user}>` } },
          {
            type: 'actions' as const,
            block_id: 'pick',
            elements: [{ type: 'external_select' as const, action_id: 'version', min_query_length: 0 }],
          },
        ];
        await client.views.publish({ user_id: event.user, view: { type: 'home', blocks } });
      });
      app.action('version', async ({ ack }) => ack());
    });
    await simulator.openHome('alice');
    const viewId = await until(() => simulator.home('alice')?.id as string | undefined);
    const answer = await simulator.suggest({ user: 'alice', viewId, actionId: 'version', query: 'v2' });
    expect(answer.options.map((option) => option.value)).toEqual(['v2.0', 'v2.1']);
    expect(await simulator.select({ user: 'alice', viewId, actionId: 'version', value: 'v3.0' })).toMatchObject({
      status: 200,
    });
    await expect(simulator.select({ user: 'alice', viewId, actionId: 'version', value: 'v9' })).rejects.toThrow(
      /no option "v9"/,
    );
    expect(simulator.home('bob')).toBeUndefined();
  });

  test('uploads a file with the three calls and shows it in the channel', async () => {
    const simulator = await workspace();
    const client = new WebClient(BOT_TOKEN, clientOptions(simulator));
    const bytes = Buffer.from('time,errors\n1,0\n');
    await client.filesUploadV2({
      channel_id: 'C0DEPLOYS',
      file: bytes,
      filename: 'canary.csv',
      title: 'Canary',
      initial_comment: 'the trend',
    });
    const [message] = simulator.messages({ user: 'alice', channel: 'deploys' });
    expect(message).toMatchObject({
      text: 'the trend',
      files: [{ name: 'canary.csv', title: 'Canary', size: bytes.length }],
    });
    const file = await fetch(`${simulator.url}${String(message?.files[0]?.url_private)}`);
    expect(await file.text()).toBe('time,errors\n1,0\n');
  });
});
