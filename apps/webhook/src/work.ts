// Works on the inbox: one process at a time, oldest first, until each delivery has a result. A delivery that takes
// long, fails or hangs does not delay those behind it.

import {
  backoffMs,
  type Delivered,
  type Ending,
  type Engine,
  inboxLease,
  type Log,
  messageOf,
  type Settlement,
  within,
  yieldToEventLoop,
} from '@bg/engine';

export type WorkingEngine = Pick<Engine, 'withLease' | 'changed' | 'inbox'>;

/** The result of a delivery. @throws when it cannot be known now */
export type Interpret = (delivery: Delivered) => Promise<Ending>;

const roundSize = 200;
const idleMs = 1000;
/** The worker occupies the event loop for at most this long before requests are served again. */
const sliceMs = 5;
/** One that takes longer continues in parallel to the others; while so many do already, it is tried again later. */
const patienceMs = 1000;
const mostAside = 4;
const limitMs = 60_000;
const crowded = `it took longer than ${patienceMs / 1000} s beside ${mostAside} others that do`;
const retry = { firstMs: 1_000, maxMs: 300_000 };
/** With the pauses between them, about three quarters of an hour. */
const maxAttempts = 16;

export interface WorkOptions {
  readonly engine: WorkingEngine;
  readonly interpret: Interpret;
  readonly log: Log;
}

/** Until `signal` aborts; the next worker begins again what was begun then and does not end at once. */
export function workOnInbox(options: WorkOptions, signal: AbortSignal): Promise<void> {
  const { engine } = options;
  return engine.withLease(inboxLease, signal, async (stop) => {
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
    const { id, sentence: before } = delivery;
    const ending = endingOf(options, delivery);
    const soon = (await atOnce(ending)) ?? (await within(patienceMs, ending, { signal: stop }));
    if (soon === undefined && aside.size < mostAside) {
      const ended = concludeLate(options, delivery, { ending, stop }).finally(() => aside.delete(id));
      aside.set(id, ended);
    } else if (soon && 'ending' in soon && isIgnored(soon.ending) && before === undefined)
      ignored.push({ id, sentence: soon.ending.sentence });
    else if (soon) conclude(options, delivery, soon);
    else if (!stop.aborted) conclude(options, delivery, { thrown: new Error(crowded) });
    if (performance.now() < sliceEnd) continue;
    await yieldToEventLoop();
    sliceEnd = performance.now() + sliceMs;
  }
  if (ignored.length > 0) options.engine.inbox.ignore(ignored);
}

type End = { readonly ending: Ending } | { readonly thrown: unknown };

/** Never rejects. */
async function endingOf({ interpret }: WorkOptions, delivery: Delivered): Promise<End> {
  try {
    return { ending: await interpret(delivery) };
  } catch (thrown) {
    return { thrown };
  }
}

/** Undefined for an act that waits for anything; most do not, and need no timer. */
function atOnce(ending: Promise<End>): Promise<End | undefined> {
  return Promise.race([ending, yieldToEventLoop().then(() => undefined)]);
}

/** What comes after the limit is dropped: an act that no worker waits for is not done. */
async function concludeLate(
  options: WorkOptions,
  delivery: Delivered,
  { ending, stop }: { readonly ending: Promise<End>; readonly stop: AbortSignal },
): Promise<void> {
  const end = await within(limitMs, ending, { signal: stop });
  // Given up at a stop, it waits as it did before: the next worker begins it again.
  if (end === undefined && stop.aborted) return;
  try {
    conclude(options, delivery, end ?? { thrown: new Error(`it took longer than ${limitMs / 1000} s`) });
  } catch (thrown) {
    options.log.error({ id: delivery.id, err: thrown }, 'what became of a delivery could not be written, it waits on');
  }
}

function conclude({ engine, log }: WorkOptions, { id, hook, attempts }: Delivered, end: End): void {
  try {
    if ('thrown' in end) throw end.thrown;
    engine.inbox.settle(id, end.ending);
  } catch (thrown) {
    const problem = messageOf(thrown);
    log.error({ id, hook, attempts, err: thrown }, 'a delivery could not be worked on');
    if (attempts + 1 < maxAttempts) engine.inbox.retry(id, backoffMs(retry, attempts), problem);
    else engine.inbox.settle(id, { state: 'parked', sentence: `given up after ${maxAttempts} tries: ${problem}` });
  }
}

const isIgnored = (ending: Ending): ending is Settlement => typeof ending === 'object' && ending.state === 'ignored';
