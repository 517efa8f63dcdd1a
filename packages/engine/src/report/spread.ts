// Exact percentiles: of the durations themselves, never of buckets.

import type { Spread } from '../api/report.ts';

export function spreadOf(durationsMs: readonly number[]): Spread | undefined {
  if (durationsMs.length === 0) return undefined;
  const sorted = durationsMs.toSorted((left, right) => left - right);
  return { count: sorted.length, medianMs: medianOf(sorted), p95Ms: nearestRank(sorted, 95) };
}

/** Of an even number, the mean of the two in the middle. */
function medianOf(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2);
  const [lower = 0, upper = 0] = sorted.length % 2 === 1 ? [sorted[half], sorted[half]] : sorted.slice(half - 1);
  return (lower + upper) / 2;
}

/** The smallest duration that at least so many percent do not exceed: one that really happened. */
function nearestRank(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? 0;
}

/** Undefined where the clock was set back in between. */
export const durationMs = (from: number, to: number): number | undefined => (to < from ? undefined : to - from);

/** Total length of intervals that may overlap. */
export function unionMs(intervals: readonly (readonly [from: number, to: number])[]): number {
  let total = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const [from, to] of intervals.toSorted(([left], [right]) => left - right)) {
    total += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return total;
}
