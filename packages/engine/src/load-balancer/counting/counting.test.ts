import { describe, expect, test } from 'vitest';
import { noCounts } from '../../domain/routing.ts';
import { mostClients } from './clients.ts';
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

describe('clients', () => {
  const good = { status: 200, ms: 10, failure: undefined };
  const bad = { status: 500, ms: 10, failure: undefined };

  test('of one that fails in every second, one error counts; each of many counts once a minute', () => {
    let now = 60_000_000;
    const counters = createCounters(() => now);
    for (let second = 0; second < 180; second += 1, now += 1_000) {
      counters.record('green', { ...bad, client: 'bad' });
      counters.record('green', { ...good, client: second % 30 });
    }
    for (let client = 0; client < 30; client += 1) counters.record('green', { ...bad, client });
    const { requests, errors, clients } = counters.traffic(0).green;
    expect([requests, errors]).toEqual([390, 210]);
    expect(clients?.known).toMatchObject({
      errors: 31,
      worstRepeats: 179,
      failing: 31,
      seen: 31,
      busiest: 180,
    });
  });

  test('are forgotten with the seconds in which they asked', () => {
    let now = 60_000_000;
    const counters = createCounters(() => now);
    counters.record('blue', { ...bad, client: 'early' });
    now += 120_000;
    const since = now;
    counters.record('blue', { ...good, client: 'late' });
    expect(counters.traffic(since).blue.clients?.known).toMatchObject({ seen: 1, failing: 0, minutes: 1, errors: 0 });
    now += 7_200_000;
    expect(counters.traffic(0).blue.clients).toEqual(noCounts.clients);
  });

  test('whose number has no end take a bounded place, and each of their errors counts', () => {
    const counters = createCounters(() => 60_000_000);
    for (let client = 0; client < 3 * mostClients; client += 1)
      counters.record('blue', { ...bad, client: `${client}` });
    for (let at = 0; at < 50; at += 1) counters.record('blue', { ...bad, client: '0' });
    const known = counters.traffic(0).blue.clients?.known;
    expect(known).toMatchObject({ minutes: 3 * mostClients, errors: 3 * mostClients, worstRepeats: 50 });
  });

  test('that a log does not name are each counted as another', () => {
    const counters = createCounters(() => 60_000_000);
    for (let at = 0; at < 9; at += 1) counters.record('blue', at < 3 ? bad : good);
    expect(counters.traffic(0).blue.clients?.known).toMatchObject({ seen: 0, minutes: 9, errors: 3, worstRepeats: 0 });
  });
});
