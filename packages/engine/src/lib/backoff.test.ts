import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('the wait doubles with each failure, up to its limit', () => {
  const waits = [0, 1, 2, 3, 4, 5_000].map((failures) => backoffMs({ firstMs: 250, maxMs: 3_000 }, failures));
  expect(waits).toEqual([250, 500, 1_000, 2_000, 3_000, 3_000]);
});

test('a limit below the first wait holds', () => {
  expect(backoffMs({ firstMs: 250, maxMs: 100 }, 0)).toBe(100);
});

test('chance subtracts at most its share, and never the same one', () => {
  const drawn = (jitter: number) =>
    Array.from({ length: 500 }, () => backoffMs({ firstMs: 1_000, maxMs: 60_000, jitter }, 3));
  const quarter = drawn(0.25);
  expect(Math.min(...quarter)).toBeGreaterThanOrEqual(6_000);
  expect(Math.max(...quarter)).toBeLessThanOrEqual(8_000);
  expect(new Set(quarter).size).toBeGreaterThan(100);
  expect(Math.min(...drawn(1))).toBeLessThan(2_000);
});
