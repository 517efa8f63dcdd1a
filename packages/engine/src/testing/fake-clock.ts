// Time that does not move until a test moves it. A watch of an hour takes as long as its steps take to run.

import type { Clock } from '../lib/clock.ts';

export interface FakeClock extends Clock {
  /** How many wait for a time to come. */
  readonly sleeping: () => number;
  /** Advances to the time that the first sleeper waits for, and wakes all that wait for it. False when none waits. */
  readonly step: () => boolean;
  /** Advances by `ms` at once: a sleeper that waits for a time in between wakes, and finds it passed. */
  readonly advance: (ms: number) => void;
  /** Sets the wall clock; the time that has passed stays what it is. */
  readonly jump: (ms: number) => void;
}

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

const bootMs = 3_600_000;

export function createFakeClock(startsAt: number = Date.UTC(2026, 0, 5, 9)): FakeClock {
  let passedMs = 0;
  let jumpedMs = 0;
  const sleepers = new Set<Sleeper>();
  const advance = (ms: number): void => {
    passedMs += ms;
    const due = [...sleepers].filter(({ untilMs }) => untilMs <= passedMs);
    for (const { wake } of due.toSorted((left, right) => left.untilMs - right.untilMs)) wake();
  };
  return {
    now: () => startsAt + passedMs + jumpedMs,
    monotonic: () => bootMs + passedMs,
    // Whole milliseconds, as a real clock has them.
    sleep: (ms, signal) => sleepUntil(sleepers, passedMs + Math.ceil(Math.max(0, ms)), signal),
    sleeping: () => sleepers.size,
    step: () => {
      const first = Math.min(...[...sleepers].map(({ untilMs }) => untilMs));
      if (first === Number.POSITIVE_INFINITY) return false;
      advance(Math.max(0, first - passedMs));
      return true;
    },
    advance,
    jump: (ms) => {
      jumpedMs += ms;
    },
  };
}

function sleepUntil(sleepers: Set<Sleeper>, untilMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = (settle: () => void) => () => {
      sleepers.delete(sleeper);
      signal?.removeEventListener('abort', aborted);
      settle();
    };
    const aborted = end(() => reject(signal?.reason));
    const sleeper: Sleeper = { untilMs, wake: end(resolve) };
    sleepers.add(sleeper);
    signal?.addEventListener('abort', aborted);
  });
}
