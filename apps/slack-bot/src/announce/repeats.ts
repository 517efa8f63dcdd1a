// A message is not repeated within ten minutes: a side that crashes every minute is announced once in ten.

import type { Clock } from '@bg/engine';

export interface Repeats {
  readonly isNew: (key: string) => boolean;
}

const repeatMs = 10 * 60_000;
const maxRepeats = 1000;

export function createRepeats(clock: Clock): Repeats {
  const saidAt = new Map<string, number>();
  return {
    isNew: (key) => {
      const now = clock.now();
      if (now - (saidAt.get(key) ?? Number.NEGATIVE_INFINITY) < repeatMs) return false;
      if (saidAt.size >= maxRepeats) saidAt.clear();
      saidAt.set(key, now);
      return true;
    },
  };
}
