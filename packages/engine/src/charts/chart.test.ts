import { describe, expect, it } from 'vitest';
import type { TrendPoint } from '../analysis/trend.ts';
import type { TrendView } from '../api/trend.ts';
import { chartsOf, sparkline, topOf } from './chart.ts';

const side = (requests: number, errors: number, p99Ms = 80) => ({ requests, errors, p50Ms: p99Ms, p99Ms });
const none = { requests: 0, errors: 0, p50Ms: undefined, p99Ms: undefined };

const point = (index: number, changes: Partial<TrendPoint> = {}): TrendPoint => ({
  from: index * 5_000,
  to: (index + 1) * 5_000,
  percent: 10,
  stable: side(900, 9),
  canary: side(100, 5, 120),
  ...changes,
});

const trend = (points: readonly TrendPoint[], changes: Partial<TrendView> = {}): TrendView => ({
  version: 'v2.1',
  from: 'v2.0',
  points,
  decision: undefined,
  ...changes,
});

describe('the charts of a trend', () => {
  it('are errors in percent and p99 of both sides, with elapsed times and weights', () => {
    const [errors, p99] = chartsOf(trend([point(0), point(1, { percent: 50 })]), 20);
    expect(errors).toMatchObject({
      metric: 'errors',
      unit: '%',
      labels: ['0:05', '0:10'],
      percents: [10, 50],
      series: [
        { name: 'v2.0', values: [1, 1] },
        { name: 'v2.1', values: [5, 5] },
      ],
      decision: undefined,
    });
    expect(p99?.series.map(({ values }) => values)).toEqual([
      [80, 80],
      [120, 120],
    ]);
  });

  it('have a gap where a side answered nothing, and no series of which nothing is known', () => {
    const quiet = point(1, { canary: none });
    const [errors] = chartsOf(trend([point(0), quiet]), 20);
    expect(errors?.series[1]?.values).toEqual([5, undefined]);
    const silent = [0, 1].map((index) => point(index, { canary: none }));
    expect(chartsOf(trend(silent), 20)[0]?.series.map(({ name }) => name)).toEqual(['v2.0']);
    expect(chartsOf(trend([point(0, { stable: none, canary: none })]), 20)).toEqual([]);
  });

  it('join neighbours when there are more than fit, and lose no request', () => {
    const points = Array.from({ length: 61 }, (_, index) => point(index, { canary: side(index, index) }));
    const [errors] = chartsOf(trend(points), 20);
    expect(errors?.labels.length).toBeLessThanOrEqual(20);
    expect(new Set(errors?.labels).size).toBe(errors?.labels.length);
    expect(errors?.labels.at(-1)).toBe('5:05');
  });

  it('end where all users have the new side, and say when that was', () => {
    const decision = { at: 10_000, kind: 'promoted' } as const;
    const [errors] = chartsOf(trend([point(0), point(1), point(2, { percent: 100 })], { decision }), 20);
    expect(errors?.labels).toEqual(['0:05', '0:10']);
    expect(errors?.decision).toEqual({ ...decision, label: '0:10' });
    expect(chartsOf(trend([point(0, { percent: 100 })]), 20)[0]?.labels).toEqual(['0:05']);
  });

  it('name the sides when the versions do not tell them apart, each in at most 20 characters', () => {
    const names = (version: string, from: string | undefined) =>
      chartsOf(trend([point(0)], { version, from }), 20)[0]?.series.map(({ name }) => name);
    expect(names('v2', 'v2')).toEqual(['stable', 'new']);
    expect(names('v'.repeat(64), `${'v'.repeat(63)}w`)).toEqual(['stable', 'new']);
    expect(names('v'.repeat(64), 'v1')).toEqual(['v1', 'v'.repeat(20)]);
  });

  it('have different labels with a clock that was set back too', () => {
    const back = [point(3), { ...point(4), to: 15_000 }, { ...point(5), to: 15_000 }];
    expect(new Set(chartsOf(trend(back), 20)[0]?.labels).size).toBe(3);
  });
});

describe('a line of small bars', () => {
  it('is scaled by the largest of all that are compared, with a dot where nothing is known', () => {
    const [errors] = chartsOf(trend([point(0), point(1, { canary: none })]), 20);
    expect(topOf(errors ?? { series: [] })).toBe(5);
    expect(sparkline([0, 5, undefined, 2.5], 5, 20)).toBe('▁█·▅');
    expect(sparkline([0, 0], 0, 20)).toBe('▁▁');
    expect(sparkline([1, 2, 3, 4], 4, 2)).toBe('▆█');
  });
});
