// Takes what waits for one receiver out of the outbox and brings it there: oldest first, the latest state only, tried
// again with growing pauses for a day, then given up, which is written once.

import type { Engine } from '../../engine-api.ts';
import { type Clock, pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Store } from '../../state/store.ts';
import type { OutboxMessage } from '../outbox.ts';
import type { Fate } from './fate.ts';

/** What every payload of this room says of itself, beside what its transport needs. */
export interface About {
  /** When it happened. */
  readonly at: number;
  readonly service: string;
  readonly target: string;
  readonly deploymentId?: string | undefined;
  /** For the sentence when it is given up: `that v1.1 is live`. */
  readonly what: string;
}

export interface Transport {
  /** In the outbox. */
  readonly name: string;
  /** In a sentence. */
  readonly who: string;
  /** `keep` writes at once where the message is, for a try that ends in the middle. */
  send(
    message: OutboxMessage,
    options: { readonly keep: (reference: unknown) => void; readonly signal: AbortSignal },
  ): Promise<Fate>;
  /** Takes secrets out of a text that is to be written down. */
  redact(text: string): string;
}

export interface SendParts {
  readonly engine: Pick<Engine, 'outbox' | 'changed'>;
  readonly store: Pick<Store, 'write'>;
  readonly clock: Clock;
  readonly log: Log;
}

const perRound = 50;
const idleMs = 1_000;
const firstRetryMs = 2_000;
const longestRetryMs = 15 * 60_000;
const longestHoldMs = 60_000;
/** What happened longer ago is no news for anybody. */
export const givenUpAfterMs = 86_400_000;

/** Until `signal` aborts. */
export async function runSender(parts: SendParts, transport: Transport, signal: AbortSignal): Promise<void> {
  let silences = 0;
  while (!signal.aborted) {
    const held = await sendDue(parts, transport, signal);
    silences = held === undefined ? 0 : silences + 1;
    // One message finds out that nobody answers, not each of them with a time limit of its own.
    if (held) await pause(parts.clock, held.forMs ?? spread(backoff(silences - 1, longestHoldMs)), signal);
    else await parts.engine.changed(idleMs, signal);
  }
}

interface Hold {
  /** As the other side asked; undefined when it did not say. */
  readonly forMs: number | undefined;
}

async function sendDue(parts: SendParts, transport: Transport, signal: AbortSignal): Promise<Hold | undefined> {
  for (const message of parts.engine.outbox.due(transport.name, perRound)) {
    if (signal.aborted) return undefined;
    const fate = await fateOfOne(parts, transport, message, signal);
    if (fate === undefined) return undefined;
    settle(parts, transport, message, fate);
    if (fate.kind === 'later' && fate.holdsAll) return { forMs: fate.afterMs };
  }
  return undefined;
}

/** Undefined when `signal` aborted meanwhile: the next process tries it anew. */
async function fateOfOne(
  { engine }: SendParts,
  transport: Transport,
  message: OutboxMessage,
  signal: AbortSignal,
): Promise<Fate | undefined> {
  try {
    const keep = (reference: unknown) => engine.outbox.sent(message.key, message.version - 1, reference);
    return await transport.send(message, { keep, signal });
  } catch (thrown) {
    if (signal.aborted) return undefined;
    return { kind: 'later', problem: `${transport.who} could not be told: ${messageOf(thrown)}`, holdsAll: true };
  }
}

function settle(parts: SendParts, transport: Transport, message: OutboxMessage, fate: Fate): void {
  const { engine, clock, log } = parts;
  const { key, version, attempts } = message;
  if (fate.kind === 'sent') {
    engine.outbox.sent(key, version, fate.reference);
    return;
  }
  const problem = transport.redact(fate.problem);
  const about = message.payload as About;
  if (fate.kind === 'refused' || clock.now() - about.at > givenUpAfterMs) {
    giveUp(parts, transport, message, problem);
    return;
  }
  log.warn({ key, attempts, problem }, 'could not be told, tries again');
  engine.outbox.retry(key, Math.max(fate.afterMs ?? 0, spread(backoff(attempts, longestRetryMs))), problem);
}

/** One transaction: it is given up once, and whoever reads the log hears of it once. */
function giveUp({ engine, store, log }: SendParts, transport: Transport, message: OutboxMessage, problem: string) {
  const { key, version, kind } = message;
  const { service, target, deploymentId, what, at } = message.payload as About;
  store.write((tx) => {
    engine.outbox.drop(key, version, problem);
    tx.audit({
      actor: 'engine',
      action: 'status-dropped',
      service,
      target,
      deploymentId,
      code: kind,
      sentence: `${transport.who} was not told ${what}: ${problem}`,
      detail: { key, happenedAt: at },
    });
  });
  log.error({ key, problem }, 'given up');
}

const backoff = (tried: number, longestMs: number): number =>
  Math.min(firstRetryMs * 2 ** Math.min(tried, 20), longestMs);

/** Of many who were turned away together, not all come back together. */
const spread = (ms: number): number => Math.round(ms * (0.75 + Math.random() / 2));
