// Works that run together, works of which a few run at a time, and results that are waited for only so long.

import { type Clock, pause, systemClock } from './clock.ts';

export type Work = (stop: AbortSignal) => Promise<void>;

/**
 * Runs all at once and resolves when all have ended. The others are stopped when one ends, or only when one fails: in
 * that case, work that has nothing to do may end at once.
 * @throws the failure of the first work of the list that failed
 */
export async function together(
  works: readonly Work[],
  signal: AbortSignal,
  stopWhen: 'one-ends' | 'one-fails' = 'one-ends',
): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const run = async (work: Work): Promise<void> => {
    try {
      await work(stop);
      if (stopWhen === 'one-ends') over.abort();
    } catch (thrown) {
      over.abort();
      throw thrown;
    }
  };
  for (const end of await Promise.allSettled(works.map(run))) if (end.status === 'rejected') throw end.reason;
}

/**
 * Works on all items, at most `most` at a time; the results are in the order of the items. After a failure it begins no
 * further item, and rejects once those that were begun have ended.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  let isFailed = false;
  const workThrough = async (): Promise<void> => {
    for (const [at, item] of rest) {
      if (isFailed) return;
      results[at] = await work(item);
    }
  };
  const failing = async (): Promise<void> =>
    workThrough().catch((thrown: unknown) => {
      isFailed = true;
      throw thrown;
    });
  const ends = await Promise.allSettled(Array.from({ length: Math.min(most, items.length) }, failing));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}

export interface WithinOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** Undefined when the result does not come within `ms`, or before `signal` aborts; the work itself continues. */
export async function within<T>(
  ms: number,
  result: Promise<T>,
  { clock = systemClock, signal }: WithinOptions = {},
): Promise<T | undefined> {
  const over = new AbortController();
  const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  try {
    return await Promise.race([result, pause(clock, ms, stop).then(() => undefined)]);
  } finally {
    over.abort();
  }
}
