// Messages: posting, changing, and who sees what.
import type { Json } from './json.ts';
import { announce, type Message, type Workspace } from './store.ts';

/** Older messages of a channel are forgotten, so that a long-running workspace does not grow for ever. */
const KEPT_PER_CHANNEL = 2000;
const KEPT_REVISIONS = 5;

export interface MessageDraft {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly blocks?: readonly Json[] | undefined;
  readonly attachments?: readonly Json[] | undefined;
  readonly threadTs?: string | undefined;
  readonly metadata?: Json | undefined;
  readonly files?: readonly string[] | undefined;
  readonly onlyFor?: string | undefined;
  readonly broadcast?: boolean | undefined;
}

export function addMessage(workspace: Workspace, draft: MessageDraft): Message {
  const message: Message = { ...draft, ts: workspace.nextTs(), reactions: [], earlier: [] };
  const before = workspace.messages.get(draft.channel) ?? [];
  workspace.messages.set(draft.channel, [...before, message].slice(-KEPT_PER_CHANNEL));
  announce(workspace, 'messages');
  return message;
}

export type MessageChange = Partial<
  Pick<Message, 'text' | 'blocks' | 'attachments' | 'metadata' | 'reactions' | 'editedTs'>
>;

export function changeMessage(workspace: Workspace, message: Message, change: MessageChange): Message {
  const keepsBlocks = change.blocks === undefined || message.blocks === undefined;
  const earlier = keepsBlocks ? message.earlier : [message.blocks, ...message.earlier].slice(0, KEPT_REVISIONS);
  const changed: Message = { ...message, ...change, earlier };
  const all = workspace.messages.get(message.channel) ?? [];
  workspace.messages.set(
    message.channel,
    all.map((other) => (other.ts === message.ts ? changed : other)),
  );
  announce(workspace, 'messages');
  return changed;
}

export function removeMessage(workspace: Workspace, message: Message): void {
  const all = workspace.messages.get(message.channel) ?? [];
  workspace.messages.set(
    message.channel,
    all.filter((other) => other.ts !== message.ts),
  );
  announce(workspace, 'messages');
}

export function findMessage(workspace: Workspace, channel: string, ts: string): Message | undefined {
  return workspace.messages.get(channel)?.find((message) => message.ts === ts);
}

/** What one person sees in a channel: the main line, or one thread with its first message. */
export function messagesFor(
  workspace: Workspace,
  { channel, user, thread }: { readonly channel: string; readonly user: string; readonly thread?: string | undefined },
): readonly Message[] {
  const seen = (workspace.messages.get(channel) ?? []).filter((message) => isVisible(message, user));
  if (thread !== undefined) return seen.filter((message) => message.ts === thread || message.threadTs === thread);
  return seen.filter(
    (message) => message.threadTs === undefined || message.threadTs === message.ts || message.broadcast,
  );
}

export function repliesTo(workspace: Workspace, message: Message): readonly Message[] {
  const all = workspace.messages.get(message.channel) ?? [];
  return all.filter((other) => other.threadTs === message.ts && other.ts !== message.ts && other.onlyFor === undefined);
}

export function isVisible(message: Message, user: string): boolean {
  return message.onlyFor === undefined || message.onlyFor === user;
}

/** A message as Slack puts it into payloads and API answers. */
export function toSlackMessage(
  workspace: Workspace,
  message: Message,
  { withMetadata = false }: { readonly withMetadata?: boolean } = {},
): Json {
  const isBot = message.user === workspace.app.botUserId;
  const replies = repliesTo(workspace, message);
  return {
    type: 'message',
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: workspace.team.id,
    ...(isBot && { bot_id: workspace.app.botId, app_id: workspace.app.id }),
    ...(message.blocks !== undefined && { blocks: message.blocks }),
    ...(message.attachments !== undefined && { attachments: message.attachments }),
    ...(message.threadTs !== undefined && { thread_ts: message.threadTs }),
    ...(replies.length > 0 && {
      thread_ts: message.ts,
      reply_count: replies.length,
      reply_users: [...new Set(replies.map((reply) => reply.user))],
      latest_reply: replies.at(-1)?.ts,
    }),
    ...(message.editedTs !== undefined && { edited: { user: message.user, ts: message.editedTs } }),
    ...(message.reactions.length > 0 && {
      reactions: message.reactions.map((reaction) => ({ ...reaction, count: reaction.users.length })),
    }),
    ...(message.metadata !== undefined && {
      metadata: withMetadata ? message.metadata : { event_type: message.metadata.event_type },
    }),
    ...(message.files !== undefined && { files: message.files.map((id) => fileSummary(workspace, id)) }),
  };
}

export function fileSummary(workspace: Workspace, id: string): Json {
  const file = workspace.files.get(id);
  if (file === undefined) return { id, mode: 'tombstone' };
  return {
    id,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    size: file.length,
    permalink: `https://${workspace.team.domain}.slack.com/files/${workspace.app.botUserId}/${id}/${encodeURIComponent(file.name)}`,
    url_private: `/files/${id}/${file.secret}`,
  };
}
