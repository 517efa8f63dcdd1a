import { setImmediate as nextRound } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { clockContract } from './clock.contract.ts';
import { createFakeClock } from './fake-clock.ts';

clockContract('the clock of the machine', () => ({
  clock: systemClock,
  pass: async (waiting) => {
    await waiting;
  },
}));

clockContract('the clock of a test', () => {
  const clock = createFakeClock();
  return {
    clock,
    pass: async (waiting) => {
      let isOver = false;
      const end = () => {
        isOver = true;
      };
      void waiting.then(end, end);
      for (await nextRound(); !isOver; await nextRound()) clock.step();
    },
  };
});

describe('the clock of a test', () => {
  it('does not move until a test moves it', async () => {
    const clock = createFakeClock(1_000);
    let slept = false;
    const sleep = clock.sleep(500).then(() => {
      slept = true;
    });
    await nextRound();
    expect([clock.now(), slept, clock.sleeping()]).toEqual([1_000, false, 1]);
    clock.advance(499);
    await nextRound();
    expect(slept).toBe(false);
    clock.advance(1);
    await sleep;
    expect([clock.now(), clock.sleeping(), clock.step()]).toEqual([1_500, 0, false]);
  });

  it('wakes no sleeper when the wall clock is set', async () => {
    const clock = createFakeClock(1_000);
    const sleep = clock.sleep(500);
    const before = clock.monotonic();
    clock.jump(86_400_000);
    await nextRound();
    expect([clock.now(), clock.monotonic() - before, clock.sleeping()]).toEqual([86_401_000, 0, 1]);
    clock.step();
    await sleep;
    expect(clock.monotonic() - before).toBe(500);
  });
});
