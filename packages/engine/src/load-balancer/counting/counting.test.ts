import { describe, expect, test } from 'vitest';
import { noCounts } from '../../domain/routing.ts';
import { createCounters } from './counters.ts';
import { addTime, emptyHistogram, mergeInto, quantile, timesIn } from './histogram.ts';

describe('a histogram of times', () => {
  test('gives quantiles within 5 % from a millisecond to an hour', () => {
    for (let ms = 1; ms < 3_600_000; ms *= 1.37) {
      const histogram = emptyHistogram();
      addTime(histogram, ms);
      expect(Math.abs(quantile(histogram, 0.5) / ms - 1)).toBeLessThan(0.05);
    }
  });

  test('gives the same quantiles as the sorted list, within 5 %, however it was put together', () => {
    const times = Array.from({ length: 5_000 }, (_, at) => 2 + ((at * 7_919) % 5_000) ** 1.3 / 40);
    const parts = [emptyHistogram(), emptyHistogram(), emptyHistogram()];
    for (const [at, ms] of times.entries()) addTime(parts[at % 3]!, ms);
    const whole = emptyHistogram();
    for (const part of parts) mergeInto(whole, part);
    const sorted = times.toSorted((a, b) => a - b);
    for (const q of [0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
      const truth = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
      expect(Math.abs(quantile(whole, q) / truth - 1)).toBeLessThan(0.05);
    }
  });

  test('lists its times ascending, each within 5 %, and nothing that nothing took', () => {
    const histogram = emptyHistogram();
    for (const ms of [3, 3, 40, 900, 900, 900]) addTime(histogram, ms);
    const times = timesIn(histogram);
    expect(times.map(([, count]) => count)).toEqual([2, 1, 3]);
    for (const [at, ms] of [3, 40, 900].entries()) expect(Math.abs((times[at]?.[0] ?? 0) / ms - 1)).toBeLessThan(0.05);
    expect(timesIn(emptyHistogram())).toEqual([]);
  });

  test('accepts values that cannot be a time, without an error', () => {
    const histogram = emptyHistogram();
    for (const odd of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]) addTime(histogram, odd);
    expect(histogram.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(quantile(emptyHistogram(), 0.5)).toBe(0);
  });
});

describe('counters', () => {
  const answered = { status: 200, ms: 10, failure: undefined };

  test('report what happened since a second, up to an hour back, and forget the rest', () => {
    let now = 1_000_000_000;
    const counters = createCounters(() => now);
    const began = now;
    for (let second = 0; second < 7_200; second++) {
      counters.record('blue', answered);
      now += 1_000;
    }
    now -= 1_000;
    expect(counters.traffic(now).blue.requests).toBe(1);
    expect(counters.traffic(now - 60_000).blue.requests).toBe(61);
    expect(counters.traffic(now - 60_000 + 999).blue.requests).toBe(61);
    expect(counters.traffic(began).blue.requests).toBe(3_600);
    expect(counters.traffic(0).green).toEqual(noCounts);
    now += 3_600_000;
    expect(counters.traffic(0).blue).toEqual(noCounts);
  });

  test('keep answers, errors and failed connections apart', () => {
    const counters = createCounters(() => 5_000);
    counters.record('green', { status: 502, ms: 3, failure: 'connect' });
    counters.record('green', { status: 504, ms: 5_000, failure: 'timeout' });
    counters.record('green', { status: 200, ms: 7, failure: 'cut' });
    counters.record('green', { status: 500, ms: 7, failure: undefined });
    counters.record('green', { status: undefined, ms: 7, failure: undefined });
    counters.record('green', { status: 101, ms: 7, failure: undefined });
    expect(counters.traffic(0).green).toMatchObject({
      requests: 6,
      errors: 4,
      connectFailures: 1,
      statusClasses: { '1xx': 1, '2xx': 1, '3xx': 0, '4xx': 0, '5xx': 3 },
    });
  });

  test('know what is open now, whatever the window', () => {
    const counters = createCounters(() => 5_000);
    counters.opened('blue');
    counters.opened('blue');
    counters.closed('blue');
    expect(counters.traffic(9_000_000).blue.open).toBe(1);
    expect(counters.open('green')).toBe(0);
  });
});
