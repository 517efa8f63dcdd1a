// Time is a parameter: nothing else in the engine reads the clock or sets a timer.

import { setTimeout as delay, setImmediate as nextRound } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Milliseconds since this machine started, without its suspended time (CLOCK_MONOTONIC): the same in every process,
   * and not changed when the clock is set. For waits, watches and leases; never compared across a restart of the
   * machine.
   */
  monotonic(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => Math.floor(Number(process.hrtime.bigint() / 1_000_000n)),
  sleep: (ms, signal) => delay(ms, undefined, signal ? { signal } : {}),
};

/** A signal that aborts after `ms` or with `parent`, whichever comes first. */
export function deadline(ms: number, parent?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  return parent ? AbortSignal.any([timeout, parent]) : timeout;
}

/** Sleeps, and returns quietly when the signal aborts. True when the whole time passed. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (thrown) {
    if (signal?.aborted) return false;
    throw thrown;
  }
}

/** Sleeps in real time with a timer that keeps no process alive. */
export const sleepUnref = (ms: number): Promise<void> => delay(ms, undefined, { ref: false });

/** Serves what has arrived meanwhile between two pieces of synchronous work. */
export async function yieldToEventLoop(rounds = 1): Promise<void> {
  for (let round = 0; round < rounds; round += 1) await nextRound();
}
