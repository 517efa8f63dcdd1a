// Work on a target that is done again and again: a round that fails is reported, and the next one begins in time.

import { pause } from '../../lib/clock.ts';
import { hasCode } from '../../lib/errors.ts';
import { lockedLimitMs } from '../../state/patience.ts';
import type { Core, Target } from '../core.ts';

interface Rounds {
  readonly core: Core;
  readonly target: Target;
  /** For the log. */
  readonly what: string;
  readonly intervalMs: () => number;
  /** `at` counts from 0; it does not grow after a round that failed for want of the state. */
  readonly round: (at: number) => Promise<void>;
}

/** Between two rounds, however long one took. */
const minRestMs = 100;

/** @throws BlueGreenError `fenced-out` */
export async function inRounds({ core, target, what, intervalMs, round }: Rounds, signal: AbortSignal): Promise<void> {
  let rounds = 0;
  while (!signal.aborted) {
    const began = performance.now();
    try {
      await round(rounds);
    } catch (thrown) {
      if (hasCode(thrown, 'fenced-out')) throw thrown;
      if (hasCode(thrown, 'state-locked')) {
        core.log.warn({ target: target.name }, `${what} waits: another process holds the state`);
        await core.store.whenWritable(lockedLimitMs, signal);
        continue;
      }
      if (!signal.aborted) core.log.error({ target: target.name, err: thrown }, `${what} failed, goes on`);
    }
    rounds += 1;
    // A check of a side that hangs takes as long as a probe may, which must not delay the next one.
    await pause(core.clock, Math.max(minRestMs, intervalMs() - (performance.now() - began)), signal);
  }
}
