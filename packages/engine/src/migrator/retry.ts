// The driver waits for locks briefly and often: a statement that waits long in a database's queue blocks all behind it.

import { backoffMs } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { pause } from '../lib/clock.ts';
import type { RunLimits } from './database.ts';
import { MigrationError } from './error.ts';

export interface Patience {
  readonly clock: Clock;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

export interface Contest {
  /** Whether an attempt failed only because of a lock. */
  readonly isLocked: (thrown: unknown) => boolean;
  /** One sentence for people, requested when the last attempt has failed. */
  readonly whoHolds: () => Promise<string>;
}

/** Full jitter: two migrators that collided retry at different times. */
const backoff = { firstMs: 500, maxMs: 30_000, jitter: 1 };

/**
 * Tries the whole transaction again until it gets its locks.
 * @throws MigrationError `blocked` after the limits' tries or time, `stopped`; and any other error of an attempt
 */
export async function untilFree<T>(
  { clock, limits, signal }: Patience,
  { isLocked, whoHolds }: Contest,
  attempt: () => Promise<T>,
): Promise<T> {
  const began = clock.monotonic();
  for (let tried = 1; ; tried += 1) {
    if (signal.aborted) throw new MigrationError('stopped', 'the migration was stopped while it waited for a lock');
    try {
      return await attempt();
    } catch (thrown) {
      if (!isLocked(thrown)) throw thrown;
      const waited = clock.monotonic() - began;
      if (tried >= limits.lockTries || waited >= limits.lockTotalMs)
        throw new MigrationError(
          'blocked',
          `no lock in ${tried} tries of ${limits.lockTimeoutMs} ms within ${Math.round(waited / 1_000)} s: ${await whoHolds()}`,
          {
            hint: 'End or wait for what holds the lock; the next run tries again.',
            cause: thrown,
          },
        );
      await pause(clock, Math.min(backoffMs(backoff, tried - 1), limits.lockTotalMs - waited), signal);
    }
  }
}
