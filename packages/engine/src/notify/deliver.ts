// Takes what is due for one transport from the outbox and sends it: urgent first, only the latest state, tried again
// with growing pauses up to an end, which is written once. When the receiver does not answer, one message finds that
// out.

import type { Engine } from '../api/engine.ts';
import type { AuditEvent } from '../domain/audit-events.ts';
import type { OutboxMessage } from '../domain/outbox.ts';
import { backoffMs } from '../lib/backoff.ts';
import { type Clock, pause } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { patiently } from '../state/patience.ts';
import type { Store } from '../state/store.ts';
import type { DeliveryResult } from './delivery-result.ts';

export interface DeliverParts {
  readonly engine: Pick<Engine, 'outbox' | 'changed'>;
  readonly store: Pick<Store, 'write' | 'whenWritable'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Transport {
  /** In the outbox. */
  readonly name: string;
  readonly giveUpMs: number;
  /** Problems must contain no secret: they are stored and written to the log. */
  send(message: OutboxMessage, stop: AbortSignal): Promise<DeliveryResult>;
  /** When the news was new (epoch ms): the outbox keeps the time of the first message under a key. */
  bornAt(message: OutboxMessage): number;
  /** What the log says of a message that is never delivered. */
  dropped(message: OutboxMessage, problem: string): AuditEvent;
}

const perRound = 50;
const idleMs = 1_000;
/** Up to a quarter shorter: of many that the receiver refused together, not all return together. */
const retry = { firstMs: 5_000, maxMs: 5 * 60_000, jitter: 0.25 };
const hold = { firstMs: 1_000, maxMs: 30_000, jitter: 0.25 };

/** Until `signal` aborts; what was begun is ended first. */
export async function deliver(parts: DeliverParts, transport: Transport, signal: AbortSignal): Promise<void> {
  let holds = 0;
  while (!signal.aborted) {
    const held = await sendDue(parts, transport, signal);
    holds = held ? holds + 1 : 0;
    if (held) await pause(parts.clock, held.forMs ?? backoffMs(hold, holds - 1), signal);
    else await parts.engine.changed(idleMs, signal);
  }
}

/** The receiver takes nothing at the moment. */
interface Hold {
  /** As it asked; undefined when it did not say. */
  readonly forMs: number | undefined;
}

async function sendDue(parts: DeliverParts, transport: Transport, signal: AbortSignal): Promise<Hold | undefined> {
  const due = parts.engine.outbox.due(transport.name, perRound);
  for (const [index, message] of due.entries()) {
    if (signal.aborted) return undefined;
    const result = await resultOf(transport, message, signal);
    // A sent message must not be sent again because its result could not be written for a moment.
    await patiently(parts.store.whenWritable, () => settle(parts, transport, message, result), signal);
    if (result.kind !== 'later' || !result.holdsAll) continue;
    for (const other of due.slice(index + 1))
      if (isTooOld(parts, transport, other)) drop(parts, transport, other, result.problem);
    return { forMs: result.afterMs };
  }
  return undefined;
}

/** A message that cannot even be created must not stop the others. */
async function resultOf(transport: Transport, message: OutboxMessage, stop: AbortSignal): Promise<DeliveryResult> {
  try {
    return await transport.send(message, stop);
  } catch (thrown) {
    return { kind: 'later', problem: messageOf(thrown), holdsAll: false };
  }
}

function settle(parts: DeliverParts, transport: Transport, message: OutboxMessage, result: DeliveryResult): void {
  const { engine, log } = parts;
  const { key, version, attempts } = message;
  if (result.kind === 'sent') {
    engine.outbox.sent(key, version, result.reference);
    return;
  }
  const { problem } = result;
  if (result.kind === 'refused' || isTooOld(parts, transport, message)) {
    drop(parts, transport, message, problem);
    return;
  }
  log.warn({ key, attempts: attempts + 1, problem }, 'a message was not taken, tries again');
  engine.outbox.retry(key, Math.max(result.afterMs ?? 0, backoffMs(retry, attempts)), problem);
}

const isTooOld = ({ clock }: DeliverParts, { giveUpMs, bornAt }: Transport, message: OutboxMessage): boolean =>
  clock.now() - bornAt(message) > giveUpMs;

/** One transaction: the message is given up once, and the log reports it once. */
function drop({ engine, store, log }: DeliverParts, transport: Transport, message: OutboxMessage, problem: string) {
  const { key, version } = message;
  store.write((tx) => {
    engine.outbox.drop(key, version, problem);
    tx.audit(transport.dropped(message, problem));
  });
  log.error({ key, problem }, 'a message is given up');
}
