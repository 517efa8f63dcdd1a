// Times in buckets that grow by 5 %: a fixed size however many requests, and a quantile within 2.5 % of the truth.

import type { Times } from '../../domain/routing.ts';

const smallestMs = 0.5;
const growth = 1.05;
const logGrowth = Math.log(growth);

/** The last bucket begins above two hours; whatever takes longer is counted there. */
export const bucketCount = 340;

export type Histogram = Uint32Array;

export const emptyHistogram = (): Histogram => new Uint32Array(bucketCount);

export function bucketOf(ms: number): number {
  if (!(ms > smallestMs)) return 0;
  return Math.min(bucketCount - 1, Math.ceil(Math.log(ms / smallestMs) / logGrowth));
}

export function addTime(histogram: Histogram, ms: number): void {
  const bucket = bucketOf(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

export function mergeInto(total: Histogram, part: Histogram): void {
  for (let bucket = 0; bucket < bucketCount; bucket++) total[bucket] = (total[bucket] ?? 0) + (part[bucket] ?? 0);
}

/** The time in ms under which the share `q` (0…1) of all times lie; 0 for an empty histogram. */
export function quantile(histogram: Histogram, q: number): number {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  const bucket = histogram.findIndex((count) => {
    seen += count;
    return seen >= rank;
  });
  return middleOf(bucket);
}

/** The buckets that hold something, by their middles. */
export function timesIn(histogram: Histogram): Times {
  const times: [number, number][] = [];
  histogram.forEach((count, bucket) => {
    if (count > 0) times.push([Math.round(middleOf(bucket) * 100) / 100, count]);
  });
  return times;
}

/** The geometric middle, so that the error is the same upwards and downwards. */
function middleOf(bucket: number): number {
  return bucket === 0 ? smallestMs : smallestMs * growth ** (bucket - 0.5);
}
