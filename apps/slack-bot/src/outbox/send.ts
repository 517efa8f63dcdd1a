// One message to Slack: updated where it is, posted where it is not, and searched where neither is known.

import { createHash } from 'node:crypto';
import { backoffMs, type OutboxMessage } from '@bg/engine';
import { type Card, card, context, textAlone } from '../cards/blocks.ts';
import { hasCharts, withoutCharts } from '../cards/chart-block.ts';
import type { MessageRef, SlackResult } from '../slack/api.ts';
import {
  isChannelGone,
  isGone,
  isMisdrawn,
  isTokenRefused,
  problemSentence,
  type SlackProblem,
  tooManyToLookThrough,
} from '../slack/problems.ts';
import { isDirect, isUpdatedInPlace } from './messages.ts';
import { rememberRefusal, suited } from './newer-blocks.ts';
import { messagesOf, recordResult } from './record-result.ts';
import { channelOf, readMessageRef, rememberChannel } from './references.ts';
import { sendFile } from './send-file.ts';
import type { Item, Sender, SendResult } from './sending.ts';

export async function send(sender: Sender, item: Item): Promise<SendResult> {
  const place = readMessageRef(item.message.reference);
  if (place !== undefined) return updateAt(sender, item, place);
  const { inThreadOf, linksTo } = item.drawn;
  // The card is on its way: a link to it is worth some seconds.
  const isEarly = linksTo !== undefined && sender.engine.outbox.reference(linksTo) === undefined;
  if (isEarly && item.message.attempts < maxLinkWaits) return waitForCard(sender, item);
  if (inThreadOf === undefined) return postNew(sender, item);
  const head = readMessageRef(sender.engine.outbox.reference(inThreadOf));
  if (head === undefined) return waitForCard(sender, item);
  if (item.drawn.file !== undefined) return sendFile(sender, item, { head, draw: item.drawn.file });
  return postNew(
    sender,
    { ...item, drawn: { ...item.drawn, channel: head.channel } },
    { threadTs: head.ts, isOver: head.over },
  );
}

const maxCardWaits = 1000;
const maxLinkWaits = 3;

function waitForCard({ engine }: Sender, item: Item): SendResult {
  for (const message of messagesOf(item)) waitOnce(engine, message);
  return 'ended';
}

/** The finished card was deleted and stays away, and its thread with it. */
function dropThread({ engine }: Sender, item: Item): SendResult {
  for (const { key, version } of messagesOf(item)) engine.outbox.drop(key, version, 'its card was deleted');
  return 'ended';
}

function waitOnce(engine: Sender['engine'], message: OutboxMessage): void {
  if (message.attempts >= maxCardWaits) engine.outbox.drop(message.key, message.version, 'its card never came');
  else
    engine.outbox.retry(
      message.key,
      backoffMs({ firstMs: 1_000, maxMs: 120_000 }, message.attempts),
      'waits for its card',
    );
}

async function updateAt(sender: Sender, item: Item, place: MessageRef): Promise<SendResult> {
  const { message, drawn } = item;
  const shown = withLink(suited(sender, drawn.card), place.earlier);
  const now: MessageRef = { ...place, ...traits(item, shown) };
  if (now.print === place.print) return recordResult(sender, item, 'chat.update', { ok: true, value: place });
  if (!sender.buckets.take('chat.update')) return 'ended';
  const mark = { key: message.key, version: message.version };
  const answer = await withFallbacks(sender, item, shown, (one) => sender.slack.update(place, one, mark));
  if (answer.ok) return recordResult(sender, item, 'chat.update', { ok: true, value: now });
  if (!isGone(answer.problem)) return recordResult(sender, item, 'chat.update', answer);
  if (!(place.over && now.over)) return replaceMessage(sender, item, { place, problem: answer.problem });
  // It showed its end, and a person deleted it: posted again it would appear below newer ones.
  sender.log.info({ key: message.key, problem: problemSentence(answer.problem) }, 'a finished message stays away');
  return recordResult(sender, item, 'chat.update', { ok: true, value: now });
}

const traits = ({ drawn: { over = false } }: Item, shown: Card) => ({ print: fingerprint(shown), over });

/** The old message cannot be changed any more: a new one takes its place and points back. */
async function replaceMessage(
  sender: Sender,
  item: Item,
  { place, problem }: { readonly place: MessageRef; readonly problem: SlackProblem },
): Promise<SendResult> {
  const { key } = item.message;
  sender.log.warn({ key, problem: problemSentence(problem) }, 'the message is gone; posting a new one');
  const earlier = isChannelGone(problem) ? undefined : await sender.slack.permalink(place);
  // Its reference stays until the new one is there: a channel may come back, and the message with it.
  return postNew(sender, item, { earlier, instead: place.ts });
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

async function postNew(sender: Sender, item: Item, options: PostOptions = {}): Promise<SendResult> {
  const { engine, buckets } = sender;
  const { message, drawn } = item;
  const { threadTs, earlier, instead } = options;
  const channel = channelOf(engine.outbox, drawn.channel);
  if (!buckets.take('chat.postMessage', channel)) return 'ended';
  if (mayBeThere(sender, item)) {
    const found = await findPosted(sender, item, { channel, threadTs, except: instead });
    if (!found.ok) return recordResult(sender, item, 'chat.postMessage', found);
    if (found.value !== undefined) return recordFound(sender, item, found.value);
  }
  const shown = withLink(suited(sender, drawn.card), earlier);
  const answer = await post(sender, item, { channel, threadTs, shown });
  if (!answer.ok && threadTs !== undefined && isGone(answer.problem))
    return options.isOver && !isChannelGone(answer.problem) ? dropThread(sender, item) : waitForCard(sender, item);
  const other = await postByName(sender, item, { channel, threadTs, shown }, answer);
  const posted = other?.ok ? other : answer;
  if (!posted.ok) return recordResult(sender, item, 'chat.postMessage', posted);
  if (!isDirect(message.kind)) rememberChannel(engine.outbox, drawn.channel, posted.value.channel);
  const value = { ...posted.value, earlier, ...traits(item, shown) };
  return recordResult(sender, item, 'chat.postMessage', { ok: true, value });
}

/** The remembered channel is gone; another may have taken its name. */
async function postByName(
  sender: Sender,
  item: Item,
  toPost: ToPost,
  answer: SlackResult<MessageRef>,
): Promise<SlackResult<MessageRef> | undefined> {
  const { channel } = item.drawn;
  if (answer.ok || !isChannelGone(answer.problem) || toPost.channel === channel) return undefined;
  return post(sender, item, { ...toPost, channel });
}

interface ToPost {
  readonly channel: string;
  readonly threadTs: string | undefined;
  readonly shown: Card;
}

function post(sender: Sender, item: Item, { channel, threadTs, shown }: ToPost): Promise<SlackResult<MessageRef>> {
  const { message, also = [] } = item;
  const mark = { key: message.key, version: message.version, also: also.map(({ key }) => key) };
  return withFallbacks(sender, item, shown, (one) => sender.slack.post({ channel, threadTs, mark, card: one }));
}

/** Charts may be new to the workspace. Other refused blocks are a fault of the bot; the text still shows the state. */
async function withFallbacks(
  sender: Sender,
  { message }: Item,
  shown: Card,
  send: (shown: Card) => Promise<SlackResult<MessageRef>>,
): Promise<SlackResult<MessageRef>> {
  const answer = await send(shown);
  if (answer.ok || !isMisdrawn(answer.problem)) return answer;
  const problem = problemSentence(answer.problem);
  const plain = hasCharts(shown) ? await send(withoutCharts(shown)) : answer;
  if (plain.ok) {
    rememberRefusal(sender);
    sender.log.info(
      { key: message.key, problem },
      'this workspace takes no native charts; cards go without them for a day',
    );
  }
  if (plain.ok || !isMisdrawn(plain.problem)) return plain;
  sender.log.error({ key: message.key, problem }, 'Slack refused the blocks of a message; only its text is sent');
  return send(textAlone(shown));
}

/** After a lost answer, or when the process ended between posting and writing it down. */
export function mayBeThere({ startedAt }: Pick<Sender, 'startedAt'>, { message }: Pick<Item, 'message'>): boolean {
  // A second direct message does no harm, and a search would need the right to read people's messages.
  return !isDirect(message.kind) && (message.attempts > 0 || message.createdAt < startedAt);
}

async function findPosted(
  sender: Sender,
  { message }: Item,
  where: { readonly channel: string; readonly threadTs: string | undefined; readonly except: string | undefined },
): Promise<SlackResult<MessageRef | undefined>> {
  const nothing = { ok: true, value: undefined } as const;
  const { channel: name } = where;
  const channel = name.startsWith('#') ? await sender.slack.channelId(name) : { ok: true as const, value: name };
  const answer =
    channel.ok && channel.value !== undefined
      ? await sender.slack.findPosted({ ...where, channel: channel.value, since: message.createdAt }, message.key)
      : channel;
  if (answer.ok) return typeof answer.value === 'object' ? { ok: true, value: answer.value } : nothing;
  const { problem } = answer;
  // A page too far is not "it is not there": posted again, it might be there twice.
  if (problem.kind !== 'refused' || problem.error === tooManyToLookThrough || isTokenRefused(problem)) return answer;
  sender.log.warn(
    { key: message.key, problem: problem.sentence },
    'cannot look for a message whose answer may be lost (channels:history, groups:history); it may appear twice',
  );
  return nothing;
}

function recordFound(sender: Sender, { message }: Item, place: MessageRef): SendResult {
  sender.log.info({ key: message.key }, 'found the message whose answer was lost');
  // A message that is sent once is done; the next send updates a card.
  sender.engine.outbox.sent(message.key, isUpdatedInPlace(message.kind) ? message.version - 1 : message.version, place);
  return 'ended';
}
