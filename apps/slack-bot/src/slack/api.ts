// The calls this bot makes to Slack, each answered with a value: what Slack refuses and what gets lost are no exceptions.

import type { types } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import type { Card } from '../cards/blocks.ts';
import type { HomeView } from '../cards/home-view.ts';
import type { Modal } from '../modals/inputs.ts';
import { problemOf, type SlackProblem, tooManyToLookThrough } from './problems.ts';

export type SlackResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: SlackProblem };

/** Where a message is. Stored in the outbox: its fields keep their names. */
export interface MessageRef {
  readonly channel: string;
  readonly ts: string;
  /** A link to the message that this one took over from. */
  readonly earlier?: string | undefined;
  /** Fingerprint of what it shows: the same picture is not sent twice. */
  readonly print?: string | undefined;
  /** What it shows has ended; no person has to decide. */
  readonly over?: boolean | undefined;
}

export interface Post {
  /** Channel id or #name, or a person's id for a direct message. */
  readonly channel: string;
  readonly card: Card;
  readonly threadTs?: string | undefined;
  /** Sent with the message, so that it is found again when the answer is lost. */
  readonly mark: Mark;
}

export interface UploadedFile {
  readonly name: string;
  readonly title: string;
  readonly content: string;
}

export interface Mark {
  readonly key: string;
  readonly version: number;
  /** Other messages of the outbox that this one contains. */
  readonly also?: readonly string[];
}

export interface Identity {
  readonly teamId: string;
  readonly botId: string | undefined;
  readonly botUserId: string | undefined;
  /** The organisation, on Enterprise Grid. */
  readonly enterpriseId?: string | undefined;
  /** What the token may do; undefined where Slack does not say. */
  readonly scopes?: readonly string[] | undefined;
}

export interface Slack {
  identify(): Promise<SlackResult<Identity>>;
  post(post: Post): Promise<SlackResult<MessageRef>>;
  /** Needs the scope files:write. */
  upload(to: MessageRef, file: UploadedFile): Promise<SlackResult<unknown>>;
  update(place: MessageRef, card: Card, mark: Mark): Promise<SlackResult<MessageRef>>;
  ephemeral(to: { readonly channel: string; readonly user: string }, card: Card): Promise<SlackResult<unknown>>;
  openView(triggerId: string, view: Modal): Promise<SlackResult<unknown>>;
  updateView(viewId: string, hash: string | undefined, view: Modal): Promise<SlackResult<unknown>>;
  publishHome(user: string, view: HomeView): Promise<SlackResult<unknown>>;
  groupMembers(group: string): Promise<SlackResult<readonly string[]>>;
  /** A message of ours with this key among the latest in the channel or thread. */
  findPosted(where: Where, key: string): Promise<SlackResult<MessageRef | undefined>>;
  /** The id of `#name`; undefined when there is no such channel the bot may see. */
  channelId(name: string): Promise<SlackResult<string | undefined>>;
  permalink(place: MessageRef): Promise<string | undefined>;
  /** The address of the workspace; undefined until Slack has said which one this is. */
  workspace(): string | undefined;
  /** The address of a message without asking for it; undefined until Slack has said which workspace this is. */
  addressOf(place: Pick<MessageRef, 'channel' | 'ts'>): string | undefined;
}

/** Where a message of ours is searched, and since when. */
export interface Where {
  readonly channel: string;
  readonly threadTs?: string | undefined;
  /** Milliseconds: it cannot be older. */
  readonly since: number;
  /** A message that is known already, and is not the one. */
  readonly except?: string | undefined;
}

const eventType = 'bluegreen';
const maxChannelPages = 100;
const maxHistoryPages = 10;
/** Slack's clock against ours. */
const clockSlackMs = 600_000;

export function connectSlack(client: WebClient): Slack {
  let workspace: string | undefined;
  return {
    identify: () =>
      answer(client.auth.test(), (found) => {
        workspace = found.url;
        return {
          teamId: found.team_id ?? '',
          botId: found.bot_id,
          botUserId: found.user_id,
          enterpriseId: found.enterprise_id,
          scopes: found.response_metadata?.scopes,
        };
      }),
    post: ({ channel, card, threadTs, mark }) =>
      answer(
        client.chat.postMessage({
          channel,
          ...content(card),
          metadata: metadata(mark),
          unfurl_links: false,
          unfurl_media: false,
          ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
        }),
        (posted) => ({ channel: posted.channel ?? channel, ts: posted.ts ?? '' }),
      ),
    upload: ({ channel, ts }, { name, title, content: text }) =>
      answer(
        client.filesUploadV2({ channel_id: channel, thread_ts: ts, filename: name, title, file: Buffer.from(text) }),
        same,
      ),
    update: ({ channel, ts }, card, mark) =>
      answer(client.chat.update({ channel, ts, ...content(card), metadata: metadata(mark) }), () => ({ channel, ts })),
    ephemeral: ({ channel, user }, card) =>
      answer(client.chat.postEphemeral({ channel, user, ...content(card) }), same),
    openView: (triggerId, view) => answer(client.views.open({ trigger_id: triggerId, view }), same),
    updateView: (viewId, hash, view) =>
      answer(client.views.update({ view_id: viewId, view, ...(hash === undefined ? {} : { hash }) }), same),
    publishHome: (user, view) => answer(client.views.publish({ user_id: user, view }), same),
    groupMembers: (usergroup) => answer(client.usergroups.users.list({ usergroup }), ({ users }) => users ?? []),
    findPosted: (where, key) => findPosted(client, where, key),
    channelId: (name) => findChannel(client, name),
    permalink: async ({ channel, ts }) => {
      const found = await answer(client.chat.getPermalink({ channel, message_ts: ts }), ({ permalink }) => permalink);
      return found.ok ? found.value : undefined;
    },
    workspace: () => workspace,
    addressOf: ({ channel, ts }) =>
      workspace === undefined
        ? undefined
        : `${workspace.replace(/\/$/, '')}/archives/${channel}/p${ts.replace('.', '')}`,
  };
}

const same = <T>(value: T): T => value;

/** Slack takes blocks that its types do not name yet. */
const content = ({ text, blocks }: Card) => ({ text, blocks: [...blocks] as types.KnownBlock[] });

const metadata = ({ key, version, also = [] }: Mark) => ({
  event_type: eventType,
  event_payload: { key, version, also: also.join(' ') },
});

/** Page by page, since what follows may be more than one page; not found within the pages is a problem, not an answer. */
async function findPosted(client: WebClient, where: Where, key: string): Promise<SlackResult<MessageRef | undefined>> {
  const { channel, threadTs, since, except } = where;
  const oldest = String((since - clockSlackMs) / 1000);
  let cursor = '';
  for (let page = 0; page < maxHistoryPages; page += 1) {
    const asked = { channel, limit: 200, include_all_metadata: true, oldest, cursor } as const;
    const listed = await answer(
      threadTs === undefined
        ? client.conversations.history(asked)
        : client.conversations.replies({ ...asked, ts: threadTs }),
      same,
    );
    if (!listed.ok) return listed;
    const found = listed.value.messages?.find(
      ({ ts, metadata: kept }) => ts !== except && kept?.event_type === eventType && holds(kept.event_payload, key),
    );
    if (found?.ts !== undefined) return { ok: true, value: { channel, ts: found.ts } };
    cursor = listed.value.response_metadata?.next_cursor ?? '';
    if (cursor === '') return { ok: true, value: undefined };
  }
  return tooMany(`${channel} has more messages than the bot searches`);
}

const tooMany = (sentence: string): SlackResult<never> => ({
  ok: false,
  problem: { kind: 'refused', error: tooManyToLookThrough, sentence },
});

function holds(payload: unknown, key: string): boolean {
  const { key: own, also } = (payload ?? {}) as { readonly key?: unknown; readonly also?: unknown };
  return own === key || (typeof also === 'string' && also.split(' ').includes(key));
}

/** There may be thousands of channels; one that was not listed is not reported as missing. */
async function findChannel(client: WebClient, name: string): Promise<SlackResult<string | undefined>> {
  const wanted = name.replace(/^#/, '');
  let cursor = '';
  for (let page = 0; page < maxChannelPages; page += 1) {
    const asked = { limit: 1000, exclude_archived: true, types: 'public_channel,private_channel', cursor };
    const listed = await answer(client.conversations.list(asked), same);
    if (!listed.ok) return listed;
    const found = listed.value.channels?.find((channel) => channel.name === wanted);
    if (found?.id !== undefined) return { ok: true, value: found.id };
    cursor = listed.value.response_metadata?.next_cursor ?? '';
    if (cursor === '') return { ok: true, value: undefined };
  }
  return tooMany(`the workspace has too many channels to find ${name}: configure the channel by its id (C…)`);
}

async function answer<R, T>(call: Promise<R>, read: (result: R) => T): Promise<SlackResult<T>> {
  try {
    return { ok: true, value: read(await call) };
  } catch (thrown) {
    return { ok: false, problem: problemOf(thrown) };
  }
}
