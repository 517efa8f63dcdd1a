import { expect, test } from 'vitest';
import { firstLook, growthOf } from '../analysis/counters.ts';
import { counterOfSpans, windowOf } from './spans.ts';

const pairOf = (series: ReturnType<typeof counterOfSpans>) => ({ bad: [], all: [series] });

test('a window has whole spans, and ends a lag before now', () => {
  const { fromMs, untilMs, spanMs } = windowOf(1_000_123_456, { lagMs: 60_000, spanMs: 20_000 });
  expect([untilMs % spanMs, fromMs % spanMs]).toEqual([0, 0]);
  expect(untilMs).toBeLessThanOrEqual(1_000_063_456);
  expect(untilMs).toBeGreaterThan(1_000_043_456);
  expect(untilMs - fromMs).toBeGreaterThanOrEqual(300_000);
});

test('each span is counted once, however the windows of two questions overlap, and by whichever process', () => {
  const counts = [5, 0, 7, 3, undefined, 11, 2, 1];
  const spans = counts.map((count, at) => ({ fromMs: at * 10_000, count }));
  const read = (from: number, until: number) =>
    pairOf(
      counterOfSpans('all', spans.slice(from, until), {
        fromMs: from * 10_000,
        untilMs: until * 10_000,
        spanMs: 10_000,
      }),
    );
  const seen = firstLook(read(0, 2));
  expect(seen.fromMs).toBe(20_000);
  const later = growthOf(seen, read(0, 4));
  expect(later.requests).toBe(10);
  // As another process continues: from JSON.
  const last = growthOf(JSON.parse(JSON.stringify(later.seen)), read(2, 8));
  expect(last.requests).toBe(14);
  expect(last.seen.untilMs).toBe(80_000);
  expect(growthOf(last.seen, read(2, 8)).requests).toBe(0);
});

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('%d is no count', (count) => {
  const window = { fromMs: 0, untilMs: 10_000, spanMs: 10_000 };
  expect(() => counterOfSpans('all', [{ fromMs: 0, count }], window)).toThrow('no count has');
});
