// Waiting in tests: polled, with a limit that is generous because machines are busy.

import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  readonly limitMs?: number;
  /** For the error; without it, the text of the function. */
  readonly what?: string;
}

const lookEveryMs = 20;

/** What `look` returned when it was first neither false nor undefined nor null. @throws Error after `limitMs` */
export async function until<T>(
  look: () => T | Promise<T>,
  { limitMs = 60_000, what = String(look) }: UntilOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined && seen !== null) return seen as Exclude<T, false | null | undefined>;
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${what}`);
    await delay(lookEveryMs);
  }
}
