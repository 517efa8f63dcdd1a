// What every clock promises. A clock signs by calling `clockContract` in its test.

import { describe, expect, it } from 'vitest';
import type { Clock } from '../lib/clock.ts';

/** `pass` lets time go by until `waiting` has settled; with the clock of the machine nothing needs to be done. */
export function clockContract(
  name: string,
  makeClock: () => { readonly clock: Clock; readonly pass: (waiting: Promise<unknown>) => Promise<void> },
): void {
  describe(`${name} keeps the contract of a clock`, () => {
    it('wakes those who sleep in the order of their times, and none too early', async () => {
      const { clock, pass } = makeClock();
      const began = clock.monotonic();
      const woken: (readonly [string, boolean])[] = [];
      const sleeper = async (who: string, ms: number) => {
        await clock.sleep(ms);
        woken.push([who, clock.monotonic() - began >= ms - 1]);
      };
      await pass(Promise.all([sleeper('late', 60), sleeper('early', 20), sleeper('at once', 0)]));
      expect(woken).toEqual([
        ['at once', true],
        ['early', true],
        ['late', true],
      ]);
    });

    it('ends a sleep when its signal aborts, before it and during it', async () => {
      const { clock, pass } = makeClock();
      const over = new AbortController();
      const sleep = clock.sleep(60_000, over.signal).then(
        () => 'slept',
        () => 'ended',
      );
      over.abort();
      const after = clock.sleep(60_000, over.signal).then(
        () => 'slept',
        () => 'ended',
      );
      const ends = Promise.all([sleep, after]);
      await pass(ends);
      expect(await ends).toEqual(['ended', 'ended']);
    });

    it('counts both of its times in milliseconds, and neither runs back', async () => {
      const { clock, pass } = makeClock();
      const before = [clock.now(), clock.monotonic()] as const;
      await pass(clock.sleep(30));
      const after = [clock.now(), clock.monotonic()] as const;
      expect(after[0] - before[0]).toBeGreaterThanOrEqual(29);
      expect(after[1] - before[1]).toBeGreaterThanOrEqual(29);
      expect(Math.abs(after[0] - before[0] - (after[1] - before[1]))).toBeLessThan(1_000);
    });
  });
}
