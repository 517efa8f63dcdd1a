// The calls this bot makes to Slack, each answered with a value: what Slack refuses and what gets lost are no exceptions.

import { WebAPIPlatformError, WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import type { Card } from './cards/blocks.ts';
import type { HomeView } from './cards/home-view.ts';
import type { Modal } from './modals/inputs.ts';

export type SlackProblem =
  /** Too many calls of this method; it alone waits. */
  | { readonly kind: 'limited'; readonly afterMs: number }
  /** No answer, or none that can be read: it may have been done or not. */
  | { readonly kind: 'lost'; readonly sentence: string }
  | { readonly kind: 'refused'; readonly error: string; readonly sentence: string };

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: SlackProblem };

/** Where a message stands. */
export interface Place {
  readonly channel: string;
  readonly ts: string;
  /** A link to the message that this one took over from. */
  readonly earlier?: string | undefined;
  /** Fingerprint of what it shows: the same picture is not sent twice. */
  readonly print?: string | undefined;
}

export interface Post {
  /** Channel id or #name, or a person's id for a direct message. */
  readonly channel: string;
  readonly card: Card;
  readonly threadTs?: string | undefined;
  /** Kept with the message, so that it is found again when the answer to posting it is lost. */
  readonly mark: Mark;
}

export interface Mark {
  readonly key: string;
  readonly version: number;
  /** Other messages that were said in the same one. */
  readonly also?: readonly string[];
}

export interface Identity {
  readonly teamId: string;
  readonly botId: string | undefined;
  readonly botUserId: string | undefined;
  /** The organisation, on Enterprise Grid. */
  readonly enterpriseId?: string | undefined;
}

export interface Slack {
  whoAmI(): Promise<Answer<Identity>>;
  post(post: Post): Promise<Answer<Place>>;
  update(place: Place, card: Card, mark: Mark): Promise<Answer<Place>>;
  ephemeral(to: { readonly channel: string; readonly user: string }, card: Card): Promise<Answer<unknown>>;
  openView(triggerId: string, view: Modal): Promise<Answer<unknown>>;
  updateView(viewId: string, hash: string | undefined, view: Modal): Promise<Answer<unknown>>;
  publishHome(user: string, view: HomeView): Promise<Answer<unknown>>;
  groupMembers(group: string): Promise<Answer<readonly string[]>>;
  /** A message of ours with this key among the latest in the channel or thread. */
  findPosted(
    where: { readonly channel: string; readonly threadTs?: string | undefined },
    key: string,
  ): Promise<Answer<Place | undefined>>;
  /** The id of `#name`; undefined when there is no such channel the bot may see. */
  channelId(name: string): Promise<Answer<string | undefined>>;
  permalink(place: Place): Promise<string | undefined>;
  /** The address of a message without asking for it; undefined until Slack has said which workspace this is. */
  addressOf(place: Pick<Place, 'channel' | 'ts'>): string | undefined;
}

const eventType = 'bluegreen';
const maxChannelPages = 10;

export function connectSlack(client: WebClient): Slack {
  let workspace: string | undefined;
  return {
    whoAmI: () =>
      answer(client.auth.test(), (found) => {
        workspace = found.url;
        return {
          teamId: found.team_id ?? '',
          botId: found.bot_id,
          botUserId: found.user_id,
          enterpriseId: found.enterprise_id,
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
    addressOf: ({ channel, ts }) =>
      workspace === undefined
        ? undefined
        : `${workspace.replace(/\/$/, '')}/archives/${channel}/p${ts.replace('.', '')}`,
  };
}

const same = <T>(value: T): T => value;

const content = ({ text, blocks }: Card) => ({ text, blocks: [...blocks] });

const metadata = ({ key, version, also = [] }: Mark) => ({
  event_type: eventType,
  event_payload: { key, version, also: also.join(' ') },
});

async function findPosted(
  client: WebClient,
  { channel, threadTs }: { readonly channel: string; readonly threadTs?: string | undefined },
  key: string,
): Promise<Answer<Place | undefined>> {
  const asked = { channel, limit: 100, include_all_metadata: true } as const;
  const listed =
    threadTs === undefined
      ? client.conversations.history(asked)
      : client.conversations.replies({ ...asked, ts: threadTs });
  return answer(listed, ({ messages }) => {
    const found = messages?.find(
      ({ metadata: kept }) => kept?.event_type === eventType && holds(kept.event_payload, key),
    );
    return found?.ts === undefined ? undefined : { channel, ts: found.ts };
  });
}

function holds(payload: unknown, key: string): boolean {
  const { key: own, also } = (payload ?? {}) as { readonly key?: unknown; readonly also?: unknown };
  return own === key || (typeof also === 'string' && also.split(' ').includes(key));
}

async function findChannel(client: WebClient, name: string): Promise<Answer<string | undefined>> {
  const wanted = name.replace(/^#/, '');
  let cursor = '';
  for (let page = 0; page < maxChannelPages; page += 1) {
    const asked = { limit: 200, exclude_archived: true, types: 'public_channel,private_channel', cursor };
    const listed = await answer(client.conversations.list(asked), same);
    if (!listed.ok) return listed;
    const found = listed.value.channels?.find((channel) => channel.name === wanted);
    if (found?.id !== undefined) return { ok: true, value: found.id };
    cursor = listed.value.response_metadata?.next_cursor ?? '';
    if (cursor === '') break;
  }
  return { ok: true, value: undefined };
}

async function answer<R, T>(call: Promise<R>, read: (result: R) => T): Promise<Answer<T>> {
  try {
    return { ok: true, value: read(await call) };
  } catch (thrown) {
    return { ok: false, problem: problemOf(thrown) };
  }
}

function problemOf(thrown: unknown): SlackProblem {
  if (thrown instanceof WebAPIRateLimitedError)
    return { kind: 'limited', afterMs: Math.max(1, thrown.retryAfter) * 1000 };
  if (thrown instanceof WebAPIPlatformError && /^[a-z][a-z_]{2,60}$/.test(thrown.data.error))
    return platformProblem(thrown);
  const sentence = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: 'lost', sentence: sentence.slice(0, 300) };
}

/** Slack's own troubles: the same call may well succeed later, and may have been done already. */
const passing = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

function platformProblem({ data }: WebAPIPlatformError): SlackProblem {
  const { error, needed, response_metadata } = data as typeof data & { readonly needed?: string };
  if (error === 'ratelimited' || error === 'rate_limited') return { kind: 'limited', afterMs: 30_000 };
  if (passing.has(error)) return { kind: 'lost', sentence: `Slack answered ${error}` };
  const details = response_metadata?.messages?.slice(0, 3).join('; ') ?? '';
  const scope = needed === undefined ? '' : ` (needs ${needed})`;
  return { kind: 'refused', error, sentence: `Slack answered ${error}${scope}${details === '' ? '' : `: ${details}`}` };
}

export function problemSentence(problem: SlackProblem): string {
  return problem.kind === 'limited' ? `rate limited for ${problem.afterMs / 1000} s` : problem.sentence;
}

const tokenProblems = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'team_access_not_granted',
  'org_login_required',
];

/** Slack takes nothing at all from this token. */
export const isTokenRefused = (problem: SlackProblem): boolean =>
  problem.kind === 'refused' && tokenProblems.includes(problem.error);

const misdrawn = ['invalid_blocks', 'invalid_blocks_format', 'msg_too_long', 'msg_blocks_too_long'];

/** Slack does not take the message as it is drawn; its text alone may do. */
export const isMisdrawn = (problem: SlackProblem): boolean =>
  problem.kind === 'refused' && misdrawn.includes(problem.error);

/** The dialog could not be opened because three seconds had passed. */
export function isLate(problem: SlackProblem): boolean {
  const late = [
    'expired_trigger_id',
    'exchanged_trigger_id',
    'invalid_trigger_id',
    'trigger_expired',
    'trigger_exchanged',
  ];
  return problem.kind === 'refused' && late.includes(problem.error);
}
