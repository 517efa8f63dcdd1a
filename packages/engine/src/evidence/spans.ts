// Sources that store no raw counters, but how many there were in each span of time (a bucket). Only spans that are over,
// by the lag of the source, are read: the last one is always half empty.

import type { Series } from '../domain/evidence.ts';
import { NoNumberError } from './no-number.ts';

export interface Span {
  /** Where it begins, epoch ms. */
  readonly fromMs: number;
  /** Undefined: the source has nothing of it. */
  readonly count: number | undefined;
}

export interface Window {
  readonly fromMs: number;
  /** Exclusive: the end of the last whole span. */
  readonly untilMs: number;
  readonly spanMs: number;
}

/** Whole spans, aligned as the sources align them. */
export function windowOf(
  nowMs: number,
  { lagMs, spanMs }: { readonly lagMs: number; readonly spanMs: number },
): Window {
  const untilMs = Math.floor((nowMs - lagMs) / spanMs) * spanMs;
  return { fromMs: untilMs - Math.max(mostBackMs, leastSpans * spanMs), untilMs, spanMs };
}

const mostBackMs = 300_000;
const leastSpans = 8;

/** Whether there is a count at all: a span without one had no event only where others of the series have some. */
export const hasCounts = (spans: readonly Span[]): boolean => spans.some(({ count }) => count !== undefined);

/**
 * As a counter that begins again at zero with each span, so that each is counted once, whatever was read before and by
 * which process. @throws NoNumberError for what no count can be
 */
export function counterOfSpans(id: string, spans: readonly Span[], { fromMs, untilMs, spanMs }: Window): Series {
  const counts = new Map(spans.map((span) => [span.fromMs, span.count ?? 0]));
  const strange = [...counts.values()].find((count) => !Number.isFinite(count) || count < 0);
  if (strange !== undefined)
    throw new NoNumberError('not-a-number', `${id} has the value ${strange}, and no count has`);
  const begins = Array.from({ length: Math.round((untilMs - fromMs) / spanMs) }, (_, at) => fromMs + at * spanMs);
  return {
    id,
    samples: begins.flatMap((begin) => [[begin + 1, 0] as const, [begin + spanMs, counts.get(begin) ?? 0] as const]),
  };
}
