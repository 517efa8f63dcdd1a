// Commits are seen at once, in the time of the test.

import { pause } from '../lib/clock.ts';
import type { ChangeSignal } from '../state/change-signal.ts';
import type { FakeClock } from './fake-clock.ts';

/** One for all processes of a test: each sees the commits of the others at once. */
export interface FakeChangeSignal extends ChangeSignal {
  /** Calls `look` with every commit, before anything follows from it, until the returned function is called. */
  watch(look: () => void): () => void;
}

export function createFakeChangeSignal(clock: FakeClock): FakeChangeSignal {
  const waiting = new Set<() => void>();
  const looks = new Set<() => void>();
  return {
    watch: (look) => {
      looks.add(look);
      return () => void looks.delete(look);
    },
    announce: () => {
      for (const look of looks) look();
      for (const changeSignal of [...waiting]) changeSignal();
    },
    changed: async (limitMs, signal) => {
      const over = new AbortController();
      const changeSignal = () => over.abort();
      waiting.add(changeSignal);
      await pause(clock, limitMs, signal ? AbortSignal.any([signal, over.signal]) : over.signal);
      waiting.delete(changeSignal);
    },
  };
}
