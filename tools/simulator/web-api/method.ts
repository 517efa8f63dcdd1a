// What a Web API method is, and the parts that several families share.
import type { Context } from '../context.ts';
import { type Json, text } from '../json.ts';
import { botTalkId, type Channel, hasScope } from '../store.ts';
import { checkBlocks } from '../validate/blocks.ts';

export interface ApiRequest {
  readonly context: Context;
  readonly args: Json;
}

export type ApiAnswer =
  | { readonly ok: true; readonly [field: string]: unknown }
  | { readonly ok: false; readonly error: string; readonly [field: string]: unknown };

export interface ApiMethod {
  /** The app needs one of these; none: any token will do. */
  readonly scopes: readonly string[];
  readonly token?: 'bot' | 'app';
  readonly run: (request: ApiRequest) => ApiAnswer;
}

export type ApiMethods = Readonly<Record<string, ApiMethod>>;

export function refuse(error: string, messages?: readonly string[]): ApiAnswer & { readonly ok: false } {
  return { ok: false, error, ...(messages !== undefined && { response_metadata: { messages } }) };
}

export type Found<T> = { readonly ok: true; readonly value: T } | (ApiAnswer & { readonly ok: false });

export function found<T>(value: T): Found<T> {
  return { ok: true, value };
}

/** A channel the bot may look into. */
export function readableChannel({ context, args }: ApiRequest): Found<Channel> {
  const channel = context.workspace.channels.get(text(args.channel) ?? '');
  const isMember = channel?.members.includes(context.workspace.app.botUserId) ?? false;
  if (channel === undefined || (channel.kind !== 'public' && !isMember)) return refuse('channel_not_found');
  return found(channel);
}

/** A channel the bot may write to: by id, by a person's id (their direct messages), and by name where Slack allows it. */
export function writableChannel(
  request: ApiRequest,
  { byName = false }: { readonly byName?: boolean } = {},
): Found<Channel> {
  const { workspace } = request.context;
  const wanted = text(request.args.channel) ?? '';
  const id = workspace.users.has(wanted) ? botTalkId(wanted) : wanted;
  const named = byName
    ? [...workspace.channels.values()].find((each) => each.kind !== 'im' && each.name === wanted.replace(/^#/, ''))
    : undefined;
  const channel = workspace.channels.get(id) ?? named;
  if (channel === undefined) return refuse('channel_not_found');
  if (channel.isArchived) return refuse('is_archived');
  if (channel.kind === 'im' && workspace.manifest.features?.app_home?.messages_tab_enabled !== true)
    return refuse('messages_tab_disabled');
  if (channel.members.includes(workspace.app.botUserId)) return found(channel);
  if (channel.kind === 'private') return refuse('channel_not_found');
  return hasScope(workspace, 'chat:write.public') ? found(channel) : refuse('not_in_channel');
}

export interface Content {
  readonly text: string;
  readonly blocks?: readonly Json[];
  readonly attachments?: readonly Json[];
}

const TEXT_CUT = 40_000;

/** Text, blocks and attachments of a message that is about to be shown. */
export function contentOf({ context, args }: ApiRequest): Found<Content> {
  const said = text(args.text) ?? (typeof args.text === 'number' ? String(args.text) : '');
  const attachments = Array.isArray(args.attachments) ? (args.attachments as readonly Json[]) : undefined;
  const hasBlocks = args.blocks !== undefined && args.blocks !== null;
  if (said === '' && !hasBlocks && attachments === undefined) return refuse('no_text');
  const base = { text: said.slice(0, TEXT_CUT), ...(attachments !== undefined && { attachments }) };
  if (!hasBlocks) return found(base);
  if (!Array.isArray(args.blocks)) return refuse('invalid_blocks_format');
  const checked = checkBlocks(args.blocks, 'message', context.workspace.unknownBlocks);
  if (!checked.ok) return refuse('invalid_blocks', checked.messages);
  if (said === '' && checked.blocks.length === 0) return refuse('no_text');
  if (said === '')
    context.journal.violation({
      rule: 'no_top_level_text',
      detail: 'a message with blocks and no text: screen readers and notifications stay silent',
    });
  return found({ ...base, blocks: checked.blocks });
}

/** One page of a list, as Slack's cursors do it. */
export function page<T>(
  all: readonly T[],
  args: Json,
  most: number,
): { readonly items: readonly T[]; readonly nextCursor: string } {
  const limit = Math.min(Math.max(Number(args.limit ?? most) || most, 1), most);
  const start =
    Number(
      Buffer.from(text(args.cursor) ?? '', 'base64')
        .toString('utf8')
        .replace(/^next:/, ''),
    ) || 0;
  const end = start + limit;
  const nextCursor = end < all.length ? Buffer.from(`next:${end}`).toString('base64') : '';
  return { items: all.slice(start, end), nextCursor };
}
