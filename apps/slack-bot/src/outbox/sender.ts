// Takes what is due from the outbox and brings it to Slack: urgent first, the latest state only, never twice.

import type { OutboxMessage } from '@bg/engine';
import { createBuckets } from './buckets.ts';
import { shutOutMs } from './delivery-result.ts';
import { draw, threadOf } from './draw.ts';
import { transport } from './messages.ts';
import type { Ended, Round, Sender } from './round.ts';
import { bring, mayBeThere } from './send.ts';

/** One round takes at most this many; whatever is blocked by a limit must not hide what is not. */
const perRound = 100;
const idleMs = 500;
const downMs = 1000;
const badDrawMs = 10_000;

export async function runSender(sender: Sender, signal: AbortSignal): Promise<void> {
  const round: Round = { ...sender, buckets: createBuckets(sender.clock), startedAt: sender.clock.now() };
  while (!signal.aborted) {
    const ended = await sendDue(round, signal).catch((thrown: unknown): Ended => {
      sender.log.error({ err: thrown }, 'the outbox could not be read');
      return 'lost';
    });
    // Slack does not answer: one message finds that out, not each of them with a timeout of its own.
    if (ended !== 'ended') await sender.clock.sleep(ended === 'lost' ? downMs : shutOutMs, signal).catch(() => {});
    else await sender.engine.changed(idleMs, signal);
  }
}

async function sendDue(round: Round, signal: AbortSignal): Promise<Ended> {
  const due = round.engine.outbox.due(transport, perRound);
  const said = new Set<string>();
  for (const message of due) {
    if (signal.aborted) return 'ended';
    if (said.has(message.key)) continue;
    const also = linesBeside(round, message, due);
    for (const { key } of also) said.add(key);
    const ended = await sendOne(round, message, also);
    if (ended !== 'ended') return ended;
  }
  return 'ended';
}

const maxTogether = 20;

/** Slack takes one message a second per channel: lines that wait for the same thread go together. */
function linesBeside(round: Round, message: OutboxMessage, due: readonly OutboxMessage[]): readonly OutboxMessage[] {
  const thread = threadOf(message);
  if (thread === undefined || mayBeThere(round, { message })) return [];
  const alike = due.filter(
    (other) => other !== message && threadOf(other) === thread && !mayBeThere(round, { message: other }),
  );
  return alike.slice(0, maxTogether - 1);
}

async function sendOne(round: Round, message: OutboxMessage, also: readonly OutboxMessage[]): Promise<Ended> {
  const { outbox } = round.engine;
  const returnsBefore = round.returns.count();
  try {
    const drawn = draw({ ...round, message, also });
    if (drawn !== undefined) return await bring(round, { message, drawn, also, returnsBefore });
    outbox.drop(message.key, message.version, 'there is nothing to show any more');
  } catch (thrown) {
    // A message that cannot be drawn must not stop the others.
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    round.log.error({ key: message.key, problem }, 'a message for Slack failed');
    for (const { key } of [message, ...also]) outbox.retry(key, badDrawMs, problem);
  }
  return 'ended';
}
