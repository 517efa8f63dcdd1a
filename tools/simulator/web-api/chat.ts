// chat.*: posting, changing and taking back what the bot says.
import { isRecord, isTrue, type Json, text } from '../json.ts';
import { addMessage, changeMessage, findMessage, removeMessage, toSlackMessage } from '../messages.ts';
import { hasScope, type Message } from '../store.ts';
import {
  type ApiAnswer,
  type ApiMethods,
  type ApiRequest,
  contentOf,
  type Found,
  found,
  readableChannel,
  refuse,
  writableChannel,
} from './method.ts';

const MOST_METADATA_BYTES = 16_000;

export const chatMethods: ApiMethods = {
  'chat.postMessage': { scopes: ['chat:write'], run: postMessage },
  'chat.postEphemeral': { scopes: ['chat:write'], run: postEphemeral },
  'chat.update': { scopes: ['chat:write'], run: update },
  'chat.delete': { scopes: ['chat:write'], run: remove },
  'chat.getPermalink': { scopes: [], run: permalink },
};

function postMessage(request: ApiRequest): ApiAnswer {
  const { workspace } = request.context;
  const channel = writableChannel(request, { byName: true });
  if (!channel.ok) return channel;
  const content = contentOf(request);
  if (!content.ok) return content;
  const metadata = metadataOf(request.args);
  if (!metadata.ok) return metadata;
  const threadTs = text(request.args.thread_ts);
  if (threadTs !== undefined && findMessage(workspace, channel.value.id, threadTs) === undefined)
    return refuse('cannot_reply_to_message');
  const message = addMessage(workspace, {
    channel: channel.value.id,
    user: workspace.app.botUserId,
    ...content.value,
    metadata: metadata.value,
    threadTs,
    broadcast: isTrue(request.args.reply_broadcast) || undefined,
  });
  return {
    ok: true,
    channel: message.channel,
    ts: message.ts,
    message: toSlackMessage(workspace, message, { withMetadata: true }),
  };
}

function postEphemeral(request: ApiRequest): ApiAnswer {
  const { workspace } = request.context;
  const user = text(request.args.user) ?? '';
  const channel = writableChannel(request);
  if (!channel.ok) return channel;
  if (!channel.value.members.includes(workspace.app.botUserId)) return refuse('not_in_channel');
  if (!workspace.users.has(user) || !channel.value.members.includes(user)) return refuse('user_not_in_channel');
  const content = contentOf(request);
  if (!content.ok) return content;
  const threadTs = text(request.args.thread_ts);
  const message = addMessage(workspace, {
    channel: channel.value.id,
    user: workspace.app.botUserId,
    ...content.value,
    threadTs,
    onlyFor: user,
  });
  return { ok: true, message_ts: message.ts };
}

function update(request: ApiRequest): ApiAnswer {
  const { workspace } = request.context;
  const message = ownMessage(request, { archived: 'is_inactive', foreign: 'cant_update_message' });
  if (!message.ok) return message;
  const { args } = request;
  const isMetadataOnly =
    args.text === undefined &&
    args.blocks === undefined &&
    args.attachments === undefined &&
    args.metadata !== undefined;
  const content = isMetadataOnly
    ? found({ text: message.value.text, blocks: message.value.blocks })
    : contentOf(request);
  if (!content.ok) return content;
  const metadata = metadataOf(args);
  if (!metadata.ok) return metadata;
  // Text without blocks takes the blocks away, and only then people see "(edited)".
  const changed = changeMessage(workspace, message.value, {
    blocks: undefined,
    ...content.value,
    ...(metadata.value !== undefined && { metadata: metadata.value }),
    ...(args.text !== undefined && args.blocks === undefined && { editedTs: workspace.nextTs() }),
  });
  return {
    ok: true,
    channel: changed.channel,
    ts: changed.ts,
    text: changed.text,
    message: toSlackMessage(workspace, changed, { withMetadata: true }),
  };
}

function remove(request: ApiRequest): ApiAnswer {
  const message = ownMessage(request, { archived: 'is_archived', foreign: 'cant_delete_message' });
  if (!message.ok) return message;
  removeMessage(request.context.workspace, message.value);
  return { ok: true, channel: message.value.channel, ts: message.value.ts };
}

function permalink(request: ApiRequest): ApiAnswer {
  const channel = readableChannel(request);
  if (!channel.ok) return channel;
  const ts = text(request.args.message_ts) ?? '';
  const message = findMessage(request.context.workspace, channel.value.id, ts);
  if (message === undefined || message.onlyFor !== undefined) return refuse('message_not_found');
  const thread = message.threadTs === undefined ? '' : `?thread_ts=${message.threadTs}&cid=${message.channel}`;
  const link = `${request.context.baseUrl()}/archives/${message.channel}/p${ts.replace('.', '')}${thread}`;
  return { ok: true, channel: message.channel, permalink: link };
}

interface Refusals {
  readonly archived: string;
  readonly foreign: string;
}

/** A message the bot may change: its own, in a channel it can write to, visible to all members. */
function ownMessage(request: ApiRequest, { archived, foreign }: Refusals): Found<Message> {
  const { workspace } = request.context;
  const channel = readableChannel(request);
  if (!channel.ok) return channel;
  if (channel.value.isArchived) return refuse(archived);
  // A public channel that the bot has left: Slack documents `no_permission` here, where posting answers `not_in_channel`.
  if (!channel.value.members.includes(workspace.app.botUserId) && !hasScope(workspace, 'chat:write.public'))
    return refuse('no_permission');
  const message = findMessage(workspace, channel.value.id, text(request.args.ts) ?? '');
  if (message === undefined || message.onlyFor !== undefined) return refuse('message_not_found');
  return message.user === workspace.app.botUserId ? found(message) : refuse(foreign);
}

function metadataOf(args: Json): Found<Json | undefined> {
  const { metadata } = args;
  if (metadata === undefined) return found(undefined);
  if (!isRecord(metadata) || typeof metadata.event_type !== 'string' || !isRecord(metadata.event_payload)) {
    return refuse('invalid_metadata_format');
  }
  return JSON.stringify(metadata).length > MOST_METADATA_BYTES ? refuse('metadata_too_large') : found(metadata);
}
