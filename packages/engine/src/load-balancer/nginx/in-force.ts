// For how long the present routing has been in force, whatever the clock of the machine is set to.

import type { Clock } from '../../lib/clock.ts';
import type { Present } from './generations.ts';

/** An idle connection to a side stays open for one second. */
export const drainedOfIdleMs = 1_500;

/**
 * The monotonic clock measures changes after the first call; only for the routing
 * that the first call finds does the disk give the time.
 */
export function createInForceMs(clock: Clock): (present: Present & { readonly kind: 'routing' }) => number {
  let seen: { readonly target: string; readonly atMs: number } | undefined;
  return ({ target, sinceMs }) => {
    if (seen?.target !== target) {
      const beforeMs = seen === undefined ? Math.max(0, Math.min(drainedOfIdleMs, clock.now() - sinceMs)) : 0;
      seen = { target, atMs: clock.monotonic() - beforeMs };
    }
    return clock.monotonic() - seen.atMs;
  };
}
