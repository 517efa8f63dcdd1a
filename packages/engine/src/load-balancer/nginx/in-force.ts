// For how long the present routing has been in force, whatever the clock of the machine is set to.

import type { Clock } from '../../lib/clock.ts';
import type { Present } from './generations.ts';

/** An idle connection to a side stays open for one second. */
export const drainedOfIdleMs = 1_500;

/**
 * What happens while we look is measured by the monotonic clock; only of one that
 * was there at the first look, the disk says since when.
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
