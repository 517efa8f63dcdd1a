// Sends what is due in the outbox to Slack: urgent first, only the latest state, never twice.

import type { OutboxMessage } from '@bg/engine';
import { createBuckets } from './buckets.ts';
import { draw, threadOf } from './draw.ts';
import { transport } from './messages.ts';
import { shutOutMs } from './record-result.ts';
import { mayBeThere, send } from './send.ts';
import type { Sender, SenderOptions, SendResult } from './sending.ts';

/** At most this many at a time; messages that wait for a limit must not hide the others. */
const perRound = 100;
const idleMs = 500;
const downMs = 1000;
const badDrawMs = 10_000;

export async function runSender(options: SenderOptions, signal: AbortSignal): Promise<void> {
  const { clock } = options;
  const sender: Sender = { ...options, buckets: createBuckets(clock), startedAt: clock.now() };
  while (!signal.aborted) {
    const ended = await sendDue(sender, signal).catch((thrown: unknown): SendResult => {
      sender.log.error({ err: thrown }, 'the outbox could not be read');
      return 'lost';
    });
    // Slack does not answer: one message finds that out, not each one after its timeout.
    if (ended !== 'ended') await sender.clock.sleep(ended === 'lost' ? downMs : shutOutMs, signal).catch(() => {});
    else await sender.engine.changed(idleMs, signal);
  }
}

async function sendDue(sender: Sender, signal: AbortSignal): Promise<SendResult> {
  const due = sender.engine.outbox.due(transport, perRound);
  const said = new Set<string>();
  for (const message of due) {
    if (signal.aborted) return 'ended';
    if (said.has(message.key)) continue;
    const also = linesOfThread(sender, message, due);
    for (const { key } of also) said.add(key);
    const ended = await sendOne(sender, message, also);
    if (ended !== 'ended') return ended;
  }
  return 'ended';
}

const maxTogether = 20;

/** Slack takes one message a second per channel: lines that wait for the same thread go together. */
function linesOfThread(
  sender: Sender,
  message: OutboxMessage,
  due: readonly OutboxMessage[],
): readonly OutboxMessage[] {
  const thread = threadOf(message);
  if (thread === undefined || mayBeThere(sender, { message })) return [];
  const alike = due.filter(
    (other) => other !== message && threadOf(other) === thread && !mayBeThere(sender, { message: other }),
  );
  return alike.slice(0, maxTogether - 1);
}

async function sendOne(sender: Sender, message: OutboxMessage, also: readonly OutboxMessage[]): Promise<SendResult> {
  const { outbox } = sender.engine;
  const returnsBefore = sender.returns.count();
  try {
    const drawn = draw({ ...sender, message, also });
    if (drawn !== undefined) return await send(sender, { message, drawn, also, returnsBefore });
    outbox.drop(message.key, message.version, 'there is nothing to show any more');
  } catch (thrown) {
    // A message that cannot be drawn must not stop the others.
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    sender.log.error({ key: message.key, problem }, 'a message for Slack failed');
    for (const { key } of [message, ...also]) outbox.retry(key, badDrawMs, problem);
  }
  return 'ended';
}
