// Asks again and again, for a limited time.

import { type Clock, pause } from './clock.ts';

export interface Polling {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly limitMs: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The first result of `look` that is neither false nor undefined; undefined when the time has passed without one. It
 * looks at least once, and once more after the last wait.
 */
export async function poll<T>(
  look: () => T | Promise<T>,
  { clock, everyMs, limitMs, signal }: Polling,
): Promise<Exclude<T, false | undefined> | undefined> {
  const end = clock.monotonic() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen as Exclude<T, false | undefined>;
    if (clock.monotonic() >= end || !(await pause(clock, everyMs, signal))) return undefined;
  }
}
