import { describe, expect, it } from 'vitest';
import { noCounts, type SideCounts, type Times } from '../domain/routing.ts';
import { createTrend, mostPoints, type TrendLook } from './trend.ts';

const counts = (requests: number, errors = 0, times: Times | undefined = []): SideCounts => ({
  ...noCounts,
  requests,
  errors,
  times: times ?? [],
});

const look = (at: number, changes: Partial<TrendLook> = {}): TrendLook => ({
  at,
  sharedSince: 0,
  percent: 10,
  stable: counts(at / 10),
  canary: counts(at / 100),
  ...changes,
});

describe('the trend of a canary', () => {
  it('is empty before the first look, and has no times where nothing was answered', () => {
    expect(createTrend().state()).toBeUndefined();
    const trend = createTrend();
    trend.add(look(1_000, { stable: counts(0), canary: counts(0) }));
    expect(trend.state()?.points).toEqual([
      {
        from: 0,
        to: 1_000,
        percent: 10,
        stable: { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined },
        canary: { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined },
      },
    ]);
  });

  it('counts what each span added, with quantiles of that span alone', () => {
    const trend = createTrend();
    trend.add(look(5_000, { canary: counts(100, 0, [[10, 100]]) }));
    trend.add(
      look(10_000, {
        canary: counts(200, 5, [
          [10, 100],
          [80, 100],
        ]),
      }),
    );
    expect(trend.state()?.points.map(({ canary }) => canary)).toEqual([
      { requests: 100, errors: 0, p50Ms: 10, p99Ms: 10 },
      { requests: 100, errors: 5, p50Ms: 80, p99Ms: 80 },
    ]);
  });

  it('begins a point with each share, and counts from zero again there', () => {
    const trend = createTrend();
    trend.add(look(1_000, { canary: counts(10) }));
    trend.add(look(2_000, { sharedSince: 1_500, percent: 50, canary: counts(7) }));
    const points = trend.state()?.points ?? [];
    expect(points.map(({ from, to, percent, canary }) => [from, to, percent, canary.requests])).toEqual([
      [0, 1_000, 10, 10],
      [1_500, 2_000, 50, 7],
    ]);
  });

  it('leaves out a moment in which a count fell', () => {
    const trend = createTrend();
    trend.add(look(1_000, { canary: counts(10) }));
    trend.add(look(2_000, { canary: counts(3) }));
    trend.add(look(3_000, { canary: counts(5) }));
    expect(trend.state()?.points.map(({ canary }) => canary.requests)).toEqual([12]);
  });

  it('continues in another process without counting anything twice', () => {
    const first = createTrend();
    first.add(look(1_000, { stable: counts(10, 1), canary: counts(4) }));
    const second = createTrend(JSON.parse(JSON.stringify(first.state())));
    second.add(look(9_000, { stable: counts(30, 2, [[5, 30]]), canary: counts(6, 0, [[5, 6]]) }));
    const points = second.state()?.points ?? [];
    expect(points.map(({ stable, canary }) => [stable.requests, stable.errors, canary.requests])).toEqual([
      [10, 1, 4],
      [20, 1, 2],
    ]);
    // What took how long before is not known there.
    expect(points[1]?.stable.p50Ms).toBeUndefined();
  });

  it('is bounded, however long it lasts, and loses no request', () => {
    const trend = createTrend();
    for (let at = 1_000; at <= 36_000_000; at += 1_000) trend.add(look(at));
    const { points = [], spanMs = 0 } = trend.state() ?? {};
    expect(points.length).toBeLessThanOrEqual(mostPoints + 1);
    expect(points.length).toBeGreaterThan(mostPoints / 3);
    expect(spanMs).toBeGreaterThan(300_000);
    expect(points.reduce((sum, { stable }) => sum + stable.requests, 0)).toBe(3_600_000);
    expect(points.every((point, index) => index === 0 || point.from === points[index - 1]?.to)).toBe(true);
  });

  it('is bounded with a new share at every look too, and with a clock that goes back', () => {
    const trend = createTrend();
    for (let at = 1_000; at < 300_000; at += 1_000) trend.add(look(at, { percent: (at / 1_000) % 90 }));
    for (let at = 300_000; at > 200_000; at -= 1_000)
      trend.add(look(at, { stable: counts(40_000), canary: counts(4_000) }));
    expect(trend.state()?.points.length).toBeLessThanOrEqual(mostPoints + 1);
  });
});
