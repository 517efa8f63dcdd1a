import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';
import { poll } from './poll.ts';

/** Time passes only by sleeping. */
function clockOf() {
  let passed = 0;
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    signal?.throwIfAborted();
    passed += ms;
  };
  return { ...systemClock, monotonic: () => passed, sleep };
}

test('gives the first result, and looks once where that is one', async () => {
  const clock = clockOf();
  const results = [undefined, false, 0, 1];
  expect(await poll(() => results.shift(), { clock, everyMs: 20, limitMs: 1_000 })).toBe(0);
  expect([results, clock.monotonic()]).toEqual([[1], 40]);
  expect(await poll(() => 'here', { clock, everyMs: 20, limitMs: 0 })).toBe('here');
  expect(clock.monotonic()).toBe(40);
});

test('looks once more after the last wait, and gives up then', async () => {
  const clock = clockOf();
  const at: number[] = [];
  expect(await poll(() => void at.push(clock.monotonic()), { clock, everyMs: 20, limitMs: 50 })).toBeUndefined();
  expect(at).toEqual([0, 20, 40, 60]);
});

test('gives up when the signal aborts, and passes on what the look throws', async () => {
  const clock = clockOf();
  const signal = AbortSignal.abort(new Error('enough'));
  expect(await poll(() => false, { clock, everyMs: 20, limitMs: 60_000, signal })).toBeUndefined();
  const broken = () => Promise.reject(new Error('broken'));
  await expect(poll(broken, { clock, everyMs: 20, limitMs: 60_000 })).rejects.toThrow('broken');
});
