// From the trend of a canary to what a chart shows, the same for every place that draws one: card, terminal and file.

import { joined, type TrendPoint, type TrendSide } from '../analysis/trend.ts';
import type { TrendDecision, TrendView } from '../api/trend.ts';

export interface ChartSeries {
  readonly name: string;
  /** One for each label; undefined where that side answered nothing: never 0 for want of data. */
  readonly values: readonly (number | undefined)[];
}

export interface Chart {
  readonly metric: 'errors' | 'p99';
  readonly unit: '%' | 'ms';
  /** Since the first user was on the new side: `0:45`; each one is different. */
  readonly labels: readonly string[];
  /** Of the users, on the new side; one for each label. */
  readonly percents: readonly number[];
  /** The stable side first, where there is one; each with at least one value. */
  readonly series: readonly ChartSeries[];
  readonly decision: ChartDecision | undefined;
  /** What else changed; `place` is that of a label, from 0. */
  readonly marks?: readonly ChartMark[] | undefined;
}

export interface ChartMark {
  readonly label: string;
  readonly place: number;
}

export interface ChartDecision extends TrendDecision {
  /** As the labels are written. */
  readonly label: string;
}

/** Errors and latency; without those of which nothing is known. At most `most` values of each side. */
export function chartsOf(trend: TrendView, most: number): readonly Chart[] {
  const points = grouped(compared(trend), most);
  const start = points[0]?.from ?? 0;
  const labels = distinct(points.map(({ to }) => elapsedText(to - start)));
  const { decision, marks = [] } = trend;
  const shared = {
    labels,
    percents: points.map(({ percent }) => percent),
    decision: decision && { ...decision, label: elapsedText(decision.at - start) },
    ...(marks.length === 0
      ? {}
      : { marks: marks.map(({ at }) => ({ label: elapsedText(at - start), place: placeOf(points, at) })) }),
  };
  return [
    { metric: 'errors', unit: '%', ...shared, series: seriesOf(trend, points, errorPercent) } as const,
    { metric: 'p99', unit: 'ms', ...shared, series: seriesOf(trend, points, ({ p99Ms }) => p99Ms) } as const,
  ].filter(({ series }) => series.length > 0);
}

/** The first point that ends at this time or later. */
function placeOf(points: readonly TrendPoint[], at: number): number {
  const found = points.findIndex(({ to }) => to >= at);
  return found === -1 ? Math.max(0, points.length - 1) : found;
}

/** With all users on the new side there is nothing to compare: those points are left out where there are others. */
function compared({ points }: TrendView): readonly TrendPoint[] {
  const both = points.filter(({ percent }) => percent < 100);
  return both.length === 0 ? points : both;
}

function grouped(points: readonly TrendPoint[], most: number): readonly TrendPoint[] {
  const size = Math.ceil(points.length / Math.max(1, most));
  const groups = Array.from({ length: Math.ceil(points.length / Math.max(1, size)) }, (_, index) =>
    points.slice(index * size, (index + 1) * size),
  );
  return groups.flatMap((group) => {
    const [first, ...others] = group;
    // Of a point with several shares, the last one holds.
    return first ? [{ ...others.reduce(joined, first), percent: group.at(-1)?.percent ?? first.percent }] : [];
  });
}

const errorPercent = ({ requests, errors }: TrendSide): number | undefined =>
  requests === 0 ? undefined : (100 * errors) / requests;

function seriesOf(
  { version, from }: TrendView,
  points: readonly TrendPoint[],
  read: (side: TrendSide) => number | undefined,
): readonly ChartSeries[] {
  const [stableName, canaryName] = seriesNames(version, from);
  return [
    { name: stableName, values: points.map(({ stable }) => read(stable)) },
    { name: canaryName, values: points.map(({ canary }) => read(canary)) },
  ].filter(({ values }) => values.some((value) => value !== undefined));
}

const longestName = 20;

/** The versions, where these tell the sides apart. */
function seriesNames(version: string, from: string | undefined): readonly [stable: string, canary: string] {
  const [stable, canary] = [(from ?? 'stable').slice(0, longestName), version.slice(0, longestName)];
  return stable === canary ? ['stable', 'new'] : [stable, canary];
}

/** `0:45`, `12:05`, `1:02:05`. */
function elapsedText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (amount: number): string => String(amount).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}

/** A clock that was set back may give one twice. */
function distinct(labels: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return labels.map((label) => {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    return before === 0 ? label : `${label} (${before + 1})`;
  });
}

const levels = [...'▁▂▃▄▅▆▇█'];

/** The largest value of all the series of a chart. */
export const topOf = ({ series }: Pick<Chart, 'series'>): number =>
  Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));

/** One line, the last `width` values; a gap where nothing is known. `top`: of all lines that are compared. */
export function sparkline(values: readonly (number | undefined)[], top: number, width: number): string {
  return values
    .slice(-width)
    .map((value) => {
      if (value === undefined) return '·';
      return levels[top <= 0 ? 0 : Math.min(levels.length - 1, Math.round((value / top) * (levels.length - 1)))];
    })
    .join('');
}
