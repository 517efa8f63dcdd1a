// Works on the inbox: one process at a time, oldest first, until something became of each. One that takes long, fails or
// hangs does not hold up those behind it.

import {
  type Delivered,
  type Ending,
  type Engine,
  inboxLease,
  type Log,
  letOthersIn,
  messageOf,
  pause,
  type Settlement,
  systemClock,
} from '@bg/engine';

export type WorkingEngine = Pick<Engine, 'alone' | 'changed' | 'inbox'>;

/** What becomes of a delivery. @throws when that cannot be known now */
export type Interpret = (delivery: Delivered) => Promise<Ending>;

const roundSize = 200;
const idleMs = 1000;
/** So long the worker keeps the event loop from those who deliver. */
const sliceMs = 5;
/** One that takes longer goes on beside the others, unless so many do already. */
const patienceMs = 1000;
const mostAside = 4;
const limitMs = 60_000;
const firstRetryMs = 1000;
const maxRetryMs = 300_000;
/** With the pauses between them, about three quarters of an hour. */
const maxAttempts = 16;

export interface WorkOptions {
  readonly engine: WorkingEngine;
  readonly interpret: Interpret;
  readonly log: Log;
}

/** Until `signal` aborts; what was begun is ended first. */
export function workOnInbox(options: WorkOptions, signal: AbortSignal): Promise<void> {
  const { engine } = options;
  return engine.alone(inboxLease, signal, async (stop) => {
    const aside = new Map<number, Promise<void>>();
    while (!stop.aborted) {
      const due = engine.inbox.due(roundSize).filter(({ id }) => !aside.has(id));
      await workOnRound(options, { due, aside, stop });
      if (due.length === 0) await engine.changed(idleMs, stop);
    }
    await Promise.all(aside.values());
  });
}

interface Round {
  readonly due: readonly Delivered[];
  /** Those that take long, by id. */
  readonly aside: Map<number, Promise<void>>;
  readonly stop: AbortSignal;
}

async function workOnRound(options: WorkOptions, { due, aside, stop }: Round): Promise<void> {
  const ignored: { readonly id: number; readonly sentence: string }[] = [];
  let sliceEnd = performance.now() + sliceMs;
  for (const delivery of due) {
    if (stop.aborted) break;
    const { id } = delivery;
    const ending = endingOf(options, delivery);
    const end = (await inTime(ending)) ?? (aside.size < mostAside ? 'slow' : await ending);
    if (end === 'slow') {
      const later = ending.then((late) => conclude(options, delivery, late)).catch(complain(options, id));
      aside.set(
        id,
        later.finally(() => aside.delete(id)),
      );
    } else if ('ending' in end && isIgnored(end.ending)) ignored.push({ id, sentence: end.ending.sentence });
    else conclude(options, delivery, end);
    if (performance.now() < sliceEnd) continue;
    await letOthersIn();
    sliceEnd = performance.now() + sliceMs;
  }
  if (ignored.length > 0) options.engine.inbox.ignore(ignored);
}

/** Never rejects. One that comes after the limit is dropped: an act that nobody waits for is not done. */
type End = { readonly ending: Ending } | { readonly thrown: unknown };

async function endingOf({ interpret }: WorkOptions, delivery: Delivered): Promise<End> {
  const over = new AbortController();
  try {
    const limit = pause(systemClock, limitMs, over.signal).then(() => undefined);
    const ending = await Promise.race([interpret(delivery), limit]);
    return ending ? { ending } : { thrown: new Error(`it took longer than ${limitMs / 1000} s`) };
  } catch (thrown) {
    return { thrown };
  } finally {
    over.abort();
  }
}

/** Undefined after `patienceMs`. */
async function inTime(ending: Promise<End>): Promise<End | undefined> {
  const over = new AbortController();
  const patience = pause(systemClock, patienceMs, over.signal).then(() => undefined);
  return Promise.race([ending, patience]).finally(() => over.abort());
}

function conclude({ engine, log }: WorkOptions, { id, hook, attempts }: Delivered, end: End): void {
  try {
    if ('thrown' in end) throw end.thrown;
    engine.inbox.settle(id, end.ending);
  } catch (thrown) {
    const problem = messageOf(thrown);
    log.error({ id, hook, attempts, err: thrown }, 'a delivery could not be worked on');
    if (attempts + 1 < maxAttempts) engine.inbox.retry(id, Math.min(firstRetryMs * 2 ** attempts, maxRetryMs), problem);
    else engine.inbox.settle(id, { state: 'parked', sentence: `given up after ${maxAttempts} tries: ${problem}` });
  }
}

const isIgnored = (ending: Ending): ending is Settlement => typeof ending === 'object' && ending.state === 'ignored';

const complain =
  ({ log }: WorkOptions, id: number) =>
  (thrown: unknown): void =>
    log.error({ id, err: thrown }, 'what became of a delivery could not be written, it is worked on again');
