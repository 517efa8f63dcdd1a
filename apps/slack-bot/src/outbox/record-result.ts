// Writes the result of a send into the outbox, and what happens next where Slack refused it.

import { backoffMs, type OutboxMessage, patiently } from '@bg/engine';
import type { MessageRef, SlackResult } from '../slack/api.ts';
import { isChannelGone, isTokenRefused, problemSentence, type SlackProblem } from '../slack/problems.ts';
import type { Method } from './buckets.ts';
import { isDirect } from './messages.ts';
import { channelOf } from './references.ts';
import type { Item, Sender, SendResult } from './sending.ts';
import { informStranded } from './stranded.ts';

const slowRetryMs = 5 * 60_000;
const soonMs = 1_000;
/** A day of slow retries. */
const maxSlowAttempts = 288;
const lostBackoff = { firstMs: 1_000, maxMs: 15_000 };
export const shutOutMs = 60_000;

export const messagesOf = ({ message, also = [] }: Item): readonly OutboxMessage[] => [message, ...also];

export async function recordResult(
  sender: Sender,
  item: Item,
  method: Method,
  answer: SlackResult<MessageRef | undefined>,
): Promise<SendResult> {
  if (!answer.ok) return recordProblem(sender, item, method, answer.problem);
  const { outbox, whenWritable } = sender.engine;
  // What Slack has taken must not be posted again because that could not be written down for a moment.
  for (const { key, version } of messagesOf(item))
    await patiently(whenWritable, () => outbox.sent(key, version, answer.value));
  return 'ended';
}

async function recordProblem(sender: Sender, item: Item, method: Method, problem: SlackProblem): Promise<SendResult> {
  const { outbox } = sender.engine;
  const sentence = problemSentence(problem);
  switch (problem.kind) {
    case 'limited':
      sender.buckets.closeFor(
        method,
        problem.afterMs,
        method === 'chat.update' ? undefined : channelOf(outbox, item.drawn.channel),
      );
      for (const { key } of messagesOf(item)) outbox.retry(key, problem.afterMs, sentence);
      return 'ended';
    case 'lost':
      for (const { key, attempts } of messagesOf(item)) outbox.retry(key, backoffMs(lostBackoff, attempts), sentence);
      return 'lost';
    case 'refused':
      if (isTokenRefused(problem)) return shutOut(sender, item, sentence);
      for (const message of messagesOf(item)) refused(sender, message, problem, retryDelayMs(sender, item, problem));
      if (isChannelGone(problem)) await informStranded(sender, item, problem.error);
      return 'ended';
    default:
      return problem satisfies never;
  }
}

/** No message is at fault: each one waits, and one of them tries again in a minute. */
function shutOut({ engine, log }: Sender, item: Item, sentence: string): SendResult {
  log.error({ problem: sentence }, 'Slack refuses the token; messages wait until the bot starts with a valid one');
  for (const { key } of messagesOf(item)) engine.outbox.retry(key, shutOutMs, sentence);
  return 'shut-out';
}

/** A channel may have come back between the refusal and now. */
function retryDelayMs({ returns }: Sender, { returnsBefore }: Item, problem: SlackProblem): number {
  return isChannelGone(problem) && returns.count() !== returnsBefore ? soonMs : slowRetryMs;
}

/** A person who has left the workspace does not come back in five minutes. */
const personGone = ['channel_not_found', 'user_not_found', 'user_disabled', 'user_not_visible', 'cannot_dm_bot'];

function refused(
  { engine, log }: Sender,
  message: OutboxMessage,
  { error, sentence }: SlackProblem & { kind: 'refused' },
  waitMs: number,
): void {
  const { key, version, attempts, final } = message;
  if (isDirect(message.kind) && personGone.includes(error)) {
    log.warn({ key, problem: sentence }, 'Slack knows no such person to write to; the direct message is given up');
    engine.outbox.drop(key, version, sentence);
    return;
  }
  log.error({ key, problem: sentence }, refusedHelp(error));
  if (attempts >= maxSlowAttempts && !final) engine.outbox.drop(key, version, sentence);
  else engine.outbox.retry(key, waitMs, sentence);
}

function refusedHelp(error: string): string {
  if (['is_archived', 'is_inactive'].includes(error))
    return 'the channel is archived: configure another; trying again every five minutes';
  if (error === 'channel_not_found' || error === 'not_in_channel')
    return 'the bot may not post there: check the channel of the target and invite the bot; trying again every five minutes';
  if (error === 'messages_tab_disabled') return 'direct messages are off: enable the Messages tab of the app';
  return 'Slack refuses a message; trying again every five minutes';
}
