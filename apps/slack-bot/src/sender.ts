// Takes what is due from the outbox and brings it to Slack: urgent first, the latest state only, never twice.

import type { Clock, Engine, Log, OutboxMessage } from '@bg/engine';
import { bring, type Ended, type Round } from './bring.ts';
import { createBuckets } from './buckets.ts';
import { draw } from './draw.ts';
import { transport } from './messages.ts';
import type { Slack } from './slack-api.ts';

export interface Sender {
  readonly engine: Pick<Engine, 'outbox' | 'deployment' | 'settings' | 'changed'>;
  readonly slack: Slack;
  readonly clock: Clock;
  readonly log: Log;
}

/** One round takes at most this many; whatever is blocked by a limit must not hide what is not. */
const perRound = 100;
const idleMs = 500;
const downMs = 1000;

export async function runSender(sender: Sender, signal: AbortSignal): Promise<void> {
  const round: Round = { ...sender, buckets: createBuckets(sender.clock), startedAt: sender.clock.now() };
  while (!signal.aborted) {
    const ended = await sendDue(round, signal);
    // Slack does not answer: one message finds that out, not each of them with a timeout of its own.
    if (ended === 'lost') await sender.clock.sleep(downMs, signal).catch(() => {});
    else await sender.engine.changed(idleMs, signal);
  }
}

async function sendDue(round: Round, signal: AbortSignal): Promise<Ended> {
  for (const message of round.engine.outbox.due(transport, perRound)) {
    if (signal.aborted) return 'ended';
    if ((await sendOne(round, message)) === 'lost') return 'lost';
  }
  return 'ended';
}

async function sendOne(round: Round, message: OutboxMessage): Promise<Ended> {
  const { outbox } = round.engine;
  try {
    const drawn = draw(round.engine, message);
    if (drawn !== undefined) return await bring(round, { message, drawn });
    outbox.drop(message.key, message.version, 'there is nothing to show any more');
  } catch (thrown) {
    // A message that cannot be drawn must not stop the others.
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    round.log.error({ key: message.key, problem }, 'a message for Slack failed');
    outbox.retry(message.key, 60_000, problem);
  }
  return 'ended';
}
