// A moment that one process writes and another reads, by the monotonic clock: setting the clock of the machine moves no
// deadline that depends on it.

import type { Clock } from './clock.ts';
import { ownMark } from './process-mark.ts';

export interface Moment {
  readonly bootId: string;
  readonly monotonicMs: number;
}

export const momentNow = (clock: Clock): Moment => ({
  bootId: ownMark().bootId,
  monotonicMs: clock.monotonic(),
});

/** Undefined where the machine was started again since, or where `moment` is none. */
export function msSince(moment: unknown, clock: Clock): number | undefined {
  const { bootId, monotonicMs } = (moment ?? {}) as Partial<Moment>;
  if (bootId !== ownMark().bootId || typeof monotonicMs !== 'number') return undefined;
  return Math.max(0, clock.monotonic() - monotonicMs);
}
