// One message to its place: updated where it stands, posted where it does not, and looked for where that is not known.

import { createHash } from 'node:crypto';
import { backoffMs, type OutboxMessage } from '@bg/engine';
import { type Card, card, context, textAlone } from '../cards/blocks.ts';
import type { Answer, Place } from '../slack/api.ts';
import {
  isChannelGone,
  isGone,
  isMisdrawn,
  isTokenRefused,
  problemSentence,
  type SlackProblem,
  tooManyToLookThrough,
} from '../slack/problems.ts';
import { channelOf, rememberChannel } from './channels.ts';
import { everyIn, settle } from './delivery-result.ts';
import { isDirect, livesOn } from './messages.ts';
import { placeOf } from './place.ts';
import type { Ended, Item, Round } from './round.ts';

export async function bring(round: Round, item: Item): Promise<Ended> {
  const place = placeOf(item.message.reference);
  if (place !== undefined) return updateAt(round, item, place);
  const { inThreadOf } = item.drawn;
  if (inThreadOf === undefined) return postAnew(round, item);
  const head = placeOf(round.engine.outbox.reference(inThreadOf));
  if (head === undefined) return waitForCard(round, item);
  return postAnew(
    round,
    { ...item, drawn: { ...item.drawn, channel: head.channel } },
    { threadTs: head.ts, isOver: head.over },
  );
}

const maxCardWaits = 1000;

function waitForCard({ engine }: Round, item: Item): Ended {
  for (const message of everyIn(item)) waitOnce(engine, message);
  return 'ended';
}

/** The finished card was deleted and stays away, and its thread with it. */
function leaveThread({ engine }: Round, item: Item): Ended {
  for (const { key, version } of everyIn(item)) engine.outbox.drop(key, version, 'its card was deleted');
  return 'ended';
}

function waitOnce(engine: Round['engine'], message: OutboxMessage): void {
  if (message.attempts >= maxCardWaits) engine.outbox.drop(message.key, message.version, 'its card never came');
  else
    engine.outbox.retry(
      message.key,
      backoffMs({ firstMs: 1_000, maxMs: 120_000 }, message.attempts),
      'waits for its card',
    );
}

async function updateAt(round: Round, item: Item, place: Place): Promise<Ended> {
  const { message, drawn } = item;
  const shown = withLink(drawn.card, place.earlier);
  const now: Place = { ...place, ...traits(item, shown) };
  if (now.print === place.print) return settle(round, item, 'chat.update', { ok: true, value: place });
  if (!round.buckets.take('chat.update')) return 'ended';
  const mark = { key: message.key, version: message.version };
  const answer = await orPlain(round, item, shown, (one) => round.slack.update(place, one, mark));
  if (answer.ok) return settle(round, item, 'chat.update', { ok: true, value: now });
  if (!isGone(answer.problem)) return settle(round, item, 'chat.update', answer);
  if (!(place.over && now.over)) return moveAway(round, item, { place, problem: answer.problem });
  // It had been seen to end, and a person took it away: posted again it would stand below newer ones.
  round.log.info({ key: message.key, problem: problemSentence(answer.problem) }, 'a finished message stays away');
  return settle(round, item, 'chat.update', { ok: true, value: now });
}

const traits = ({ drawn: { over = false } }: Item, shown: Card) => ({ print: fingerprint(shown), over });

/** The old message cannot be changed any more: a new one takes its place and points back. */
async function moveAway(
  round: Round,
  item: Item,
  { place, problem }: { readonly place: Place; readonly problem: SlackProblem },
): Promise<Ended> {
  const { key } = item.message;
  round.log.warn({ key, problem: problemSentence(problem) }, 'the message is gone; posting a new one');
  const earlier = isChannelGone(problem) ? undefined : await round.slack.permalink(place);
  // Its place is kept until the new one is there: a channel may come back, and the message with it.
  return postAnew(round, item, { earlier, instead: place.ts });
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
  /** The thread is that of a card which has ended. */
  readonly isOver?: boolean | undefined;
  readonly earlier?: string | undefined;
  /** The message that this one takes over from; it still carries the key. */
  readonly instead?: string;
}

async function postAnew(round: Round, item: Item, options: PostOptions = {}): Promise<Ended> {
  const { engine, buckets } = round;
  const { message, drawn } = item;
  const { threadTs, earlier, instead } = options;
  const channel = channelOf(engine.outbox, drawn.channel);
  if (!buckets.take('chat.postMessage', channel)) return 'ended';
  if (mayBeThere(round, item)) {
    const found = await findPosted(round, item, { channel, threadTs, butNot: instead });
    if (!found.ok) return settle(round, item, 'chat.postMessage', found);
    if (found.value !== undefined) return adopt(round, item, found.value);
  }
  const shown = withLink(drawn.card, earlier);
  const answer = await post(round, item, { channel, threadTs, shown });
  if (!answer.ok && threadTs !== undefined && isGone(answer.problem))
    return options.isOver && !isChannelGone(answer.problem) ? leaveThread(round, item) : waitForCard(round, item);
  const other = await postByName(round, item, { channel, threadTs, shown }, answer);
  const posted = other?.ok ? other : answer;
  if (!posted.ok) return settle(round, item, 'chat.postMessage', posted);
  if (!isDirect(message.kind)) rememberChannel(engine.outbox, drawn.channel, posted.value.channel);
  const value = { ...posted.value, earlier, ...traits(item, shown) };
  return settle(round, item, 'chat.postMessage', { ok: true, value });
}

/** The remembered channel is gone; another may have taken its name. */
async function postByName(
  round: Round,
  item: Item,
  toPost: ToPost,
  answer: Answer<Place>,
): Promise<Answer<Place> | undefined> {
  const { channel } = item.drawn;
  if (answer.ok || !isChannelGone(answer.problem) || toPost.channel === channel) return undefined;
  return post(round, item, { ...toPost, channel });
}

interface ToPost {
  readonly channel: string;
  readonly threadTs: string | undefined;
  readonly shown: Card;
}

function post(round: Round, item: Item, { channel, threadTs, shown }: ToPost): Promise<Answer<Place>> {
  const { message, also = [] } = item;
  const mark = { key: message.key, version: message.version, also: also.map(({ key }) => key) };
  return orPlain(round, item, shown, (one) => round.slack.post({ channel, threadTs, mark, card: one }));
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
  { message }: Item,
  where: { readonly channel: string; readonly threadTs: string | undefined; readonly butNot: string | undefined },
): Promise<Answer<Place | undefined>> {
  const nothing = { ok: true, value: undefined } as const;
  const { channel: name } = where;
  const channel = name.startsWith('#') ? await round.slack.channelId(name) : { ok: true as const, value: name };
  const answer =
    channel.ok && channel.value !== undefined
      ? await round.slack.findPosted({ ...where, channel: channel.value, since: message.createdAt }, message.key)
      : channel;
  if (answer.ok) return typeof answer.value === 'object' ? { ok: true, value: answer.value } : nothing;
  const { problem } = answer;
  // A page too far is not "it is not there": posted again, it might be there twice.
  if (problem.kind !== 'refused' || problem.error === tooManyToLookThrough || isTokenRefused(problem)) return answer;
  round.log.warn(
    { key: message.key, problem: problem.sentence },
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
