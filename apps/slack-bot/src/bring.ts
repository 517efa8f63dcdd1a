// One message to its place: updated where it stands, posted where it does not, and looked for where that is not known.

import { createHash } from 'node:crypto';
import type { OutboxMessage } from '@bg/engine';
import type { Buckets, Method } from './buckets.ts';
import { type Card, card, context, textAlone } from './cards/blocks.ts';
import type { Drawn } from './draw.ts';
import { isDirect, livesOn } from './messages.ts';
import { placeOf } from './place.ts';
import type { Sender } from './sender.ts';
import {
  type Answer,
  isMisdrawn,
  isTokenRefused,
  type Place,
  problemSentence,
  type SlackProblem,
} from './slack-api.ts';

export interface Round extends Sender {
  readonly buckets: Buckets;
  /** Messages put before this process began may have been posted by the one before. */
  readonly startedAt: number;
}

export interface Item {
  readonly message: OutboxMessage;
  readonly drawn: Drawn;
  /** Further lines of the same thread that `drawn` says in the same breath. */
  readonly also?: readonly OutboxMessage[];
}

/** `lost`: no answer came. `shut-out`: Slack refuses the token. Anything else, good or bad, is written into the outbox. */
export type Ended = 'ended' | 'lost' | 'shut-out';

export async function bring(round: Round, item: Item): Promise<Ended> {
  const place = placeOf(item.message.reference);
  if (place !== undefined) return updateAt(round, item, place);
  const { inThreadOf } = item.drawn;
  if (inThreadOf === undefined) return postAnew(round, item);
  const head = placeOf(round.engine.outbox.reference(inThreadOf));
  if (head === undefined) return waitForCard(round, item);
  return postAnew(round, { ...item, drawn: { ...item.drawn, channel: head.channel } }, { threadTs: head.ts });
}

const maxCardWaits = 1000;

function waitForCard({ engine }: Round, item: Item): Ended {
  for (const message of everyIn(item)) waitOnce(engine, message);
  return 'ended';
}

const everyIn = ({ message, also = [] }: Item): readonly OutboxMessage[] => [message, ...also];

function waitOnce(engine: Round['engine'], message: OutboxMessage): void {
  if (message.attempts >= maxCardWaits) engine.outbox.drop(message.key, message.version, 'its card never came');
  else
    engine.outbox.retry(
      message.key,
      Math.min(1000 * 2 ** Math.min(message.attempts, 7), 120_000),
      'waits for its card',
    );
}

async function updateAt(round: Round, item: Item, place: Place): Promise<Ended> {
  const { message, drawn } = item;
  const shown = withLink(drawn.card, place.earlier);
  const now: Place = { ...place, print: fingerprint(shown) };
  if (now.print === place.print) return settle(round, item, 'chat.update', { ok: true, value: place });
  if (!round.buckets.take('chat.update')) return 'ended';
  const mark = { key: message.key, version: message.version };
  const answer = await orPlain(round, item, shown, (one) => round.slack.update(place, one, mark));
  if (!answer.ok && isGone(answer.problem)) return moveAway(round, item, { place, problem: answer.problem });
  return settle(round, item, 'chat.update', answer.ok ? { ok: true, value: now } : answer);
}

const gone = ['message_not_found', 'cant_update_message', 'edit_window_closed', 'is_archived', 'channel_not_found'];
const isGone = (problem: SlackProblem): boolean => problem.kind === 'refused' && gone.includes(problem.error);

/** The old message cannot be changed any more: a new one takes its place and points back. */
async function moveAway(
  round: Round,
  item: Item,
  old: { readonly place: Place; readonly problem: SlackProblem },
): Promise<Ended> {
  const { key } = item.message;
  round.log.warn({ key, problem: problemSentence(old.problem) }, 'the message is gone; posting a new one');
  round.engine.outbox.forget(key);
  const earlier = await round.slack.permalink(old.place);
  // The old message may still be found by its key, so nobody looks for it here.
  return postAnew(round, item, { look: false, earlier });
}

function withLink(shown: Card, earlier: string | undefined): Card {
  return earlier === undefined
    ? shown
    : card(shown.text, [...shown.blocks, context(`Continues <${earlier}|an earlier message>.`)]);
}

const fingerprint = (shown: Card): string =>
  createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 16);

interface PostOptions {
  readonly threadTs?: string;
  readonly look?: boolean;
  readonly earlier?: string | undefined;
}

async function postAnew(
  round: Round,
  item: Item,
  { threadTs, look = true, earlier }: PostOptions = {},
): Promise<Ended> {
  const { message, drawn, also = [] } = item;
  if (!round.buckets.take('chat.postMessage', drawn.channel)) return 'ended';
  if (look && mayBeThere(round, item)) {
    const found = await findPosted(round, item, threadTs);
    if (!found.ok) return settle(round, item, 'chat.postMessage', found);
    if (found.value !== undefined) return adopt(round, item, found.value);
  }
  const mark = { key: message.key, version: message.version, also: also.map(({ key }) => key) };
  const shown = withLink(drawn.card, earlier);
  const post = { channel: drawn.channel, threadTs, mark };
  const answer = await orPlain(round, item, shown, (one) => round.slack.post({ ...post, card: one }));
  if (!answer.ok && threadTs !== undefined && isGone(answer.problem)) return waitForCard(round, item);
  return settle(
    round,
    item,
    'chat.postMessage',
    answer.ok ? { ok: true, value: { ...answer.value, earlier, print: fingerprint(shown) } } : answer,
  );
}

/** Blocks that Slack does not take are our mistake; the state is told all the same, in words. */
async function orPlain(
  round: Round,
  { message }: Item,
  shown: Card,
  send: (shown: Card) => Promise<Answer<Place>>,
): Promise<Answer<Place>> {
  const answer = await send(shown);
  if (answer.ok || !isMisdrawn(answer.problem)) return answer;
  const problem = problemSentence(answer.problem);
  round.log.error({ key: message.key, problem }, 'Slack refused the blocks of a message; its text goes alone');
  return send(textAlone(shown));
}

/** After a lost answer, or when the process ended between posting and writing it down. */
export function mayBeThere({ startedAt }: Pick<Round, 'startedAt'>, { message }: Pick<Item, 'message'>): boolean {
  // A direct message said twice does no harm, and finding it would need the right to read people's messages.
  return !isDirect(message.kind) && (message.attempts > 0 || message.createdAt < startedAt);
}

async function findPosted(
  round: Round,
  { message, drawn }: Item,
  threadTs: string | undefined,
): Promise<Answer<Place | undefined>> {
  const nothing = { ok: true, value: undefined } as const;
  const known = /^[CGD][A-Z0-9]{2,}$/.test(drawn.channel);
  const channel = known ? { ok: true as const, value: drawn.channel } : await round.slack.channelId(drawn.channel);
  const answer =
    channel.ok && channel.value !== undefined
      ? await round.slack.findPosted({ channel: channel.value, threadTs }, message.key)
      : channel;
  if (answer.ok) return typeof answer.value === 'object' ? { ok: true, value: answer.value } : nothing;
  if (answer.problem.kind !== 'refused') return answer;
  round.log.warn(
    { key: message.key, problem: answer.problem.sentence },
    'cannot look for a message whose answer may be lost (channels:history, groups:history); it may appear twice',
  );
  return nothing;
}

function adopt(round: Round, { message }: Item, place: Place): Ended {
  round.log.info({ key: message.key }, 'found the message whose answer was lost');
  // What is said once is said; a card is brought up to date where it stands, by the next round.
  round.engine.outbox.sent(message.key, livesOn(message.kind) ? message.version - 1 : message.version, place);
  return 'ended';
}

const slowRetryMs = 5 * 60_000;
/** A day of slow retries. */
const maxSlowAttempts = 288;
const maxBackoffMs = 15_000;
export const shutOutMs = 60_000;

function settle(round: Round, item: Item, method: Method, answer: Answer<Place | undefined>): Ended {
  if (!answer.ok) return unsettled(round, item, method, answer.problem);
  for (const { key, version } of everyIn(item)) round.engine.outbox.sent(key, version, answer.value);
  return 'ended';
}

function unsettled(round: Round, item: Item, method: Method, problem: SlackProblem): Ended {
  const { outbox } = round.engine;
  const sentence = problemSentence(problem);
  switch (problem.kind) {
    case 'limited':
      round.buckets.closeFor(method, problem.afterMs);
      for (const { key } of everyIn(item)) outbox.retry(key, problem.afterMs, sentence);
      return 'ended';
    case 'lost':
      for (const { key, attempts } of everyIn(item))
        outbox.retry(key, Math.min(1000 * 2 ** Math.min(attempts, 6), maxBackoffMs), sentence);
      return 'lost';
    case 'refused':
      if (isTokenRefused(problem)) return shutOut(round, item, sentence);
      for (const message of everyIn(item)) refused(round, message, problem);
      return 'ended';
    default:
      return problem satisfies never;
  }
}

/** No message is at fault: each keeps its place, and one of them asks again in a minute. */
function shutOut({ engine, log }: Round, item: Item, sentence: string): Ended {
  log.error({ problem: sentence }, 'Slack refuses the token; messages wait until the bot starts with a valid one');
  for (const { key } of everyIn(item)) engine.outbox.retry(key, shutOutMs, sentence);
  return 'shut-out';
}

function refused(
  { engine, log }: Round,
  message: OutboxMessage,
  { error, sentence }: SlackProblem & { kind: 'refused' },
): void {
  log.error({ key: message.key, problem: sentence }, refusedHelp(error));
  if (message.attempts >= maxSlowAttempts && !message.final) engine.outbox.drop(message.key, message.version, sentence);
  else engine.outbox.retry(message.key, slowRetryMs, sentence);
}

function refusedHelp(error: string): string {
  if (error === 'channel_not_found' || error === 'not_in_channel')
    return 'the bot may not post there: check the channel of the target and invite the bot; trying again every five minutes';
  if (error === 'messages_tab_disabled') return 'direct messages are off: enable the Messages tab of the app';
  return 'Slack refuses a message; trying again every five minutes';
}
