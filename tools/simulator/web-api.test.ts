// The Web API as an app without a library sees it: forms and JSON, and a word for every refusal.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from './index.ts';
import { BOT_TOKEN, callApi, MANIFEST, SIGNING_SECRET, startWorkspace } from './testing/workspace.ts';

let simulator: Simulator;

beforeEach(async () => {
  simulator = await startWorkspace();
});

afterEach(() => simulator.close());

const plain = (text: string) => ({ type: 'plain_text', text });
const header = (text: string) => ({ type: 'header', text: plain(text) });
const post = (args: object) => callApi(simulator, 'chat.postMessage', { channel: 'C0DEPLOYS', ...args });

describe('a call', () => {
  test('may be a form with JSON inside, with the token among the fields', async () => {
    const body = new URLSearchParams({
      token: BOT_TOKEN,
      channel: '#deploys',
      text: 'hi',
      blocks: JSON.stringify([header('Hi')]),
    });
    const response = await fetch(`${simulator.apiUrl}chat.postMessage`, { method: 'POST', body });
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { ok: true, channel: 'C0DEPLOYS', message: { text: 'hi' } },
    ]);
  });

  test('is refused with HTTP 200 and a word', async () => {
    const ask = async (method: string, authorization?: string) => {
      const response = await fetch(simulator.apiUrl + method, {
        method: 'POST',
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(response.status).toBe(200);
      return ((await response.json()) as { error?: string }).error;
    };
    expect(await ask('auth.test')).toBe('not_authed');
    expect(await ask('auth.test', 'Bearer xoxb-simulator-other')).toBe('invalid_auth');
    expect(await ask('chat.explode', `Bearer ${BOT_TOKEN}`)).toBe('unknown_method');
    expect(await ask('__proto__', `Bearer ${BOT_TOKEN}`)).toBe('unknown_method');
    expect(await ask('apps.connections.open', `Bearer ${BOT_TOKEN}`)).toBe('not_allowed_token_type');
  });

  test('needs the scope that its method needs', async () => {
    expect(await callApi(simulator, 'users.lookupByEmail', { email: 'bob@example.com' })).toMatchObject({
      error: 'missing_scope',
      needed: 'users:read.email',
    });
  });
});

describe('posting', () => {
  test('needs words and a channel the bot can write to', async () => {
    expect(await post({})).toMatchObject({ error: 'no_text' });
    expect(await post({ channel: 'C0NOWHERE', text: 'x' })).toMatchObject({ error: 'channel_not_found' });
    expect(await post({ channel: 'C0GENERAL', text: 'x' })).toMatchObject({ error: 'not_in_channel' });
    expect(await post({ text: 'x', thread_ts: '1.000001' })).toMatchObject({ error: 'cannot_reply_to_message' });
    expect(await post({ text: 'x', metadata: { event_type: 'a' } })).toMatchObject({
      error: 'invalid_metadata_format',
    });
  });

  test('reaches a public channel without the bot when the app has chat:write.public', async () => {
    const scopes = { scopes: { bot: ['chat:write', 'chat:write.public'] } };
    const other = await startWorkspace({
      manifest: { ...MANIFEST, oauth_config: scopes },
      channels: [
        { id: 'C0OPEN', name: 'open' },
        { id: 'C0SECRET', name: 'secret', isPrivate: true },
      ],
    });
    expect(await callApi(other, 'chat.postMessage', { channel: 'C0OPEN', text: 'x' })).toMatchObject({ ok: true });
    expect(await callApi(other, 'chat.postMessage', { channel: 'C0SECRET', text: 'x' })).toMatchObject({
      error: 'channel_not_found',
    });
    await other.close();
  });

  test('and changing a message ends with the channel: archived, or left by the bot', async () => {
    const rooms = [
      { id: 'C0OPEN', name: 'open', hasBot: true },
      { id: 'C0SECRET', name: 'secret', isPrivate: true, hasBot: true },
      { id: 'C0OLD', name: 'old', hasBot: true },
    ];
    const scopes = (bot: readonly string[]) => ({ ...MANIFEST, oauth_config: { scopes: { bot: [...bot] } } });
    for (const [scope, open] of [
      [['chat:write'], { error: 'no_permission' }],
      [['chat:write', 'chat:write.public'], { ok: true }],
    ] as const) {
      const other = await startWorkspace({ manifest: scopes(scope), channels: rooms });
      const update = async (channel: string, change: object) => {
        const { ts } = await callApi(other, 'chat.postMessage', { channel, text: 'x' });
        other.changeChannel({ channel, ...change });
        return callApi(other, 'chat.update', { channel, ts, text: 'y' });
      };
      expect(await update('C0OPEN', { hasBot: false })).toMatchObject(open);
      expect(await update('C0SECRET', { hasBot: false })).toMatchObject({ error: 'channel_not_found' });
      expect(await update('C0OLD', { isArchived: true })).toMatchObject({ error: 'is_inactive' });
      await other.close();
    }
  });

  test('to a person works by their id, and is refused when the app has no messages tab', async () => {
    expect(await post({ channel: 'U0ALICE', text: 'psst' })).toMatchObject({ ok: true, channel: 'D0ALICE' });
    expect(simulator.messages({ user: 'alice', channel: 'D0ALICE' })).toHaveLength(1);
    expect(simulator.messages({ user: 'bob', channel: 'D0ALICE' })).toEqual([]);
    const other = await startWorkspace({ manifest: { ...MANIFEST, features: { ...MANIFEST.features, app_home: {} } } });
    expect(await callApi(other, 'chat.postMessage', { channel: 'U0ALICE', text: 'x' })).toMatchObject({
      error: 'messages_tab_disabled',
    });
    await other.close();
  });

  test('keeps text as it was sent and returns metadata only on request', async () => {
    const metadata = { event_type: 'deployment', event_payload: { id: 'd_1' } };
    const { ts } = await post({ text: 'a &amp; b <!channel>', metadata });
    const reply = await post({ text: 'reply', thread_ts: ts });
    const history = async (more: object) =>
      (await callApi(simulator, 'conversations.history', { channel: 'C0DEPLOYS', ...more })).messages;
    expect(await history({})).toMatchObject([
      { ts, text: 'a &amp; b <!channel>', reply_count: 1, metadata: { event_type: 'deployment' } },
    ]);
    expect(await history({ include_all_metadata: true })).toMatchObject([{ metadata }]);
    const replies = await callApi(simulator, 'conversations.replies', { channel: 'C0DEPLOYS', ts });
    expect(replies.messages).toMatchObject([{ ts }, { ts: reply.ts, thread_ts: ts }]);
  });
});

describe('changing a message', () => {
  test('with only text removes its blocks, with only metadata keeps them', async () => {
    const { ts } = await post({ text: 'one', blocks: [header('One')] });
    const change = (args: object) => callApi(simulator, 'chat.update', { channel: 'C0DEPLOYS', ts, ...args });
    const kept = await change({ metadata: { event_type: 'x', event_payload: {} } });
    expect(kept.message).toMatchObject({ text: 'one', blocks: [{ type: 'header' }] });
    expect((await change({ text: 'two' })).message).not.toHaveProperty('blocks');
    expect(simulator.messages({ user: 'alice', channel: 'deploys' })).toMatchObject([
      { text: 'two', blocks: [], isEdited: true },
    ]);
  });

  test('is refused for what is not there and for what others wrote', async () => {
    const { ts } = await simulator.say({ user: 'alice', channel: 'deploys', text: 'mine' });
    expect(await callApi(simulator, 'chat.update', { channel: 'C0DEPLOYS', ts, text: 'x' })).toMatchObject({
      error: 'cant_update_message',
    });
    expect(await callApi(simulator, 'chat.delete', { channel: 'C0DEPLOYS', ts })).toMatchObject({
      error: 'cant_delete_message',
    });
    expect(await callApi(simulator, 'chat.update', { channel: 'C0DEPLOYS', ts: '1.1', text: 'x' })).toMatchObject({
      error: 'message_not_found',
    });
  });

  test('leaves a permalink that leads to the page', async () => {
    const { ts } = await post({ text: 'here' });
    const { permalink } = await callApi(simulator, 'chat.getPermalink', { channel: 'C0DEPLOYS', message_ts: ts });
    expect(permalink).toBe(`${simulator.url}/archives/C0DEPLOYS/p${String(ts).replace('.', '')}`);
    expect((await fetch(String(permalink))).headers.get('content-type')).toMatch(/text\/html/);
  });
});

test('the Home tab is published per person and guarded by its hash', async () => {
  const view = { type: 'home', blocks: [header('Home')] };
  const first = (await callApi(simulator, 'views.publish', { user_id: 'U0BOB', view })) as {
    view: { hash: string; id: string };
  };
  await callApi(simulator, 'views.publish', { user_id: 'U0BOB', view });
  expect(await callApi(simulator, 'views.publish', { user_id: 'U0BOB', view, hash: first.view.hash })).toMatchObject({
    error: 'hash_conflict',
  });
  expect(await callApi(simulator, 'views.update', { view_id: first.view.id, view })).toMatchObject({ ok: true });
  expect(simulator.home('alice')).toBeUndefined();
});

test('user groups, people and channels can be listed, and a group changes when a person leaves it', async () => {
  const group = async () => (await callApi(simulator, 'usergroups.users.list', { usergroup: 'S0APPROVERS' })).users;
  expect(await group()).toEqual(['U0BOB']);
  await simulator.removeFromGroup({ user: 'bob', group: '@approvers' });
  expect(await group()).toEqual([]);
  expect((await callApi(simulator, 'usergroups.list', { include_users: true })).usergroups).toMatchObject([
    { handle: 'approvers', users: [] },
  ]);
  expect((await callApi(simulator, 'users.info', { user: 'U0EVE' })).user).toMatchObject({
    name: 'eve',
    is_bot: false,
  });
  const first = (await callApi(simulator, 'users.list', { limit: 2 })) as {
    members: unknown[];
    response_metadata: { next_cursor: string };
  };
  expect(first.members).toHaveLength(2);
  const rest = (await callApi(simulator, 'users.list', { limit: 10, cursor: first.response_metadata.next_cursor })) as {
    members: { name: string }[];
  };
  expect(rest.members.map((member) => member.name)).toEqual(['eve', 'deploybot', 'slackbot']);
  expect((await callApi(simulator, 'conversations.list', {})).channels).toMatchObject([
    { name: 'deploys', is_member: true },
    { name: 'general', is_member: false },
  ]);
});

describe('starting', () => {
  const options = { signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN, manifest: MANIFEST };

  test('is refused with a real-looking token, which is not repeated', async () => {
    const token = ['xoxb', '1234567890', 'abcdef'].join('-');
    const refusals = [{ botToken: token }, { env: { SLACK_BOT_TOKEN: token } }, { appToken: 'xapp-1-A1-2-3' }];
    for (const refusal of refusals) {
      const error = await startSimulator({ ...options, ...refusal }).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      expect(error).toMatchObject({ code: 'real-token' });
      expect(error?.message).not.toContain(token);
    }
  });

  test('is refused with a command that Slack keeps for itself', async () => {
    const slash_commands = [{ command: '/status', description: 'x' }];
    const started = startSimulator({
      ...options,
      manifest: { ...MANIFEST, features: { ...MANIFEST.features, slash_commands } },
    });
    await expect(started).rejects.toThrow(/slash_commands\[0\].*"\/status" is built into Slack/);
  });

  test('is refused with an app elsewhere than on this machine', async () => {
    await expect(startSimulator({ ...options, appUrl: 'https://example.com/slack/events' })).rejects.toMatchObject({
      code: 'invalid-options',
    });
  });
});
