// conversations.*: which channels there are, who is in them, what was said.
import { isTrue, type Json, text } from '../json.ts';
import { repliesTo, toSlackMessage } from '../messages.ts';
import { botTalkId, type Channel, hasScope, type Message, type Workspace } from '../store.ts';
import {
  type ApiAnswer,
  type ApiMethods,
  type ApiRequest,
  type Found,
  page,
  readableChannel,
  refuse,
} from './method.ts';

const READ = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const HISTORY = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];
const KIND_SCOPE = { public: 'channels', private: 'groups', im: 'im' } as const;

export const conversationsMethods: ApiMethods = {
  'conversations.list': { scopes: READ, run: list },
  'conversations.info': { scopes: READ, run: info },
  'conversations.members': { scopes: READ, run: members },
  'conversations.open': { scopes: ['im:write', 'channels:manage', 'groups:write', 'mpim:write'], run: open },
  'conversations.history': { scopes: HISTORY, run: history },
  'conversations.replies': { scopes: HISTORY, run: replies },
  'conversations.join': { scopes: ['channels:join'], run: join },
};

function list({ context, args }: ApiRequest): ApiAnswer {
  const { workspace } = context;
  const types = (text(args.types) ?? 'public_channel').split(',').map((type) => type.trim());
  const wanted = { public: 'public_channel', private: 'private_channel', im: 'im' } as const;
  const seen = [...workspace.channels.values()].filter(
    (channel) =>
      types.includes(wanted[channel.kind]) &&
      (channel.kind === 'public' || isBotIn(workspace, channel)) &&
      !(channel.isArchived && isTrue(args.exclude_archived)),
  );
  const { items, nextCursor } = page(seen, args, 1000);
  return {
    ok: true,
    channels: items.map((channel) => toSlackChannel(workspace, channel)),
    response_metadata: { next_cursor: nextCursor },
  };
}

function info(request: ApiRequest): ApiAnswer {
  const channel = readableChannel(request);
  if (!channel.ok) return channel;
  const scope = `${KIND_SCOPE[channel.value.kind]}:read`;
  if (!hasScope(request.context.workspace, scope)) return { ...refuse('missing_scope'), needed: scope };
  const withMembers = isTrue(request.args.include_num_members) ? { num_members: channel.value.members.length } : {};
  return { ok: true, channel: { ...toSlackChannel(request.context.workspace, channel.value), ...withMembers } };
}

function members(request: ApiRequest): ApiAnswer {
  const channel = readableChannel(request);
  if (!channel.ok) return channel;
  const { items, nextCursor } = page(channel.value.members, request.args, 1000);
  return { ok: true, members: items, response_metadata: { next_cursor: nextCursor } };
}

function open({ context, args }: ApiRequest): ApiAnswer {
  const users = (text(args.users) ?? '').split(',').filter((user) => user !== '');
  const [user] = users;
  if (user === undefined || !context.workspace.users.has(user))
    return refuse(users.length === 0 ? 'users_list_not_supplied' : 'user_not_found');
  if (users.length > 1) return refuse('not_enabled');
  return { ok: true, no_op: true, already_open: true, channel: { id: botTalkId(user) } };
}

function history(request: ApiRequest): ApiAnswer {
  const channel = historyChannel(request);
  if (!channel.ok) return channel;
  const { workspace } = request.context;
  const main = (workspace.messages.get(channel.value.id) ?? []).filter(
    (message) => message.threadTs === undefined || message.broadcast,
  );
  return messagesAnswer(request, [...between(main, request.args)].reverse());
}

function replies(request: ApiRequest): ApiAnswer {
  const channel = historyChannel(request);
  if (!channel.ok) return channel;
  const { workspace } = request.context;
  const parent = workspace.messages
    .get(channel.value.id)
    ?.find((message) => message.ts === request.args.ts && message.onlyFor === undefined);
  if (parent === undefined) return refuse('thread_not_found');
  return messagesAnswer(request, [parent, ...between(repliesTo(workspace, parent), request.args)]);
}

function join({ context, args }: ApiRequest): ApiAnswer {
  const { workspace } = context;
  const channel = workspace.channels.get(text(args.channel) ?? '');
  if (channel?.kind !== 'public') return refuse('channel_not_found');
  const joined = { ...channel, members: [...new Set([...channel.members, workspace.app.botUserId])] };
  workspace.channels.set(channel.id, joined);
  return { ok: true, channel: toSlackChannel(workspace, joined) };
}

function historyChannel(request: ApiRequest): Found<Channel> {
  const { workspace } = request.context;
  const channel = readableChannel(request);
  if (!channel.ok) return channel;
  const scope = `${KIND_SCOPE[channel.value.kind]}:history`;
  if (!hasScope(workspace, scope)) return { ...refuse('missing_scope'), needed: scope };
  return isBotIn(workspace, channel.value) ? channel : refuse('not_in_channel');
}

function between(messages: readonly Message[], args: Json): readonly Message[] {
  const oldest = text(args.oldest) ?? '0';
  const latest = text(args.latest) ?? '9999999999';
  const inclusive = isTrue(args.inclusive);
  return messages.filter(
    ({ ts, onlyFor }) =>
      onlyFor === undefined && (inclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest),
  );
}

function messagesAnswer({ context, args }: ApiRequest, messages: readonly Message[]): ApiAnswer {
  const { items, nextCursor } = page(messages, args, 999);
  const withMetadata = isTrue(args.include_all_metadata);
  return {
    ok: true,
    messages: items.map((message) => toSlackMessage(context.workspace, message, { withMetadata })),
    has_more: nextCursor !== '',
    response_metadata: { next_cursor: nextCursor },
  };
}

function isBotIn(workspace: Workspace, channel: Channel): boolean {
  return channel.members.includes(workspace.app.botUserId);
}

function toSlackChannel(workspace: Workspace, channel: Channel): Json {
  if (channel.kind === 'im') {
    const user = channel.members.find((member) => member !== workspace.app.botUserId);
    return { id: channel.id, is_im: true, is_channel: false, user, is_archived: false, is_open: true };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: channel.kind === 'private',
    is_im: false,
    is_private: channel.kind === 'private',
    is_archived: channel.isArchived,
    is_member: isBotIn(workspace, channel),
    topic: { value: channel.topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
  };
}
