// Times of answers in buckets: lognormal with a median of 50 ms and a 99th percentile of 322 ms, stretched as a whole or in
// only in the tail.

import type { Times } from '../../packages/engine/src/domain/routing.ts';
import type { Dice } from './draw.ts';

const medianMs = 50;
const sigma = Math.log(322 / 50) / 2.3263;
const growth = 1.05;
const edges = Array.from({ length: 142 }, (_, at) => 4 * growth ** at);

export interface Stretch {
  readonly all: number;
  /** Of the slowest hundredth; nothing changes below the 95th percentile. */
  readonly tail: number;
}

/** Abramowitz and Stegun 26.2.17, to 1e-7. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return z >= 0 ? 1 - above : above;
}

/** Share of answers that take less: the time is divided by what its own place is stretched by. */
function below(ms: number, { all, tail }: Stretch): number {
  const plain = normalBelow(Math.log(ms / all / medianMs) / sigma);
  if (tail === 1 || plain <= 0.95) return plain;
  const slowed = (share: number) => 1 + (tail - 1) * Math.min(1, (share - 0.95) / 0.04);
  // The place whose stretched time is `ms`, by halving.
  let [low, high] = [0.95, 1];
  for (let step = 0; step < 30; step += 1) {
    const middle = (low + high) / 2;
    if (timeAt(middle) * all * slowed(middle) < ms) low = middle;
    else high = middle;
  }
  return low;
}

function timeAt(share: number): number {
  let [low, high] = [1, 100_000];
  for (let step = 0; step < 40; step += 1) {
    const middle = Math.sqrt(low * high);
    if (normalBelow(Math.log(middle / medianMs) / sigma) < share) low = middle;
    else high = middle;
  }
  return low;
}

const known = new Map<string, readonly number[]>();

function sharesBelow(stretch: Stretch): readonly number[] {
  const rounded = { all: Math.round(stretch.all * 100) / 100, tail: stretch.tail };
  const key = `${rounded.all} ${rounded.tail}`;
  const present = known.get(key);
  if (present) return present;
  const shares = edges.map((edge) => below(edge, rounded));
  known.set(key, shares);
  return shares;
}

/** The upper edge of the bucket of a time. */
export const bucketOf = (ms: number): number =>
  edges[Math.min(edges.length - 1, Math.max(0, Math.ceil(Math.log(ms / 4) / Math.log(growth))))] ?? 0;

/** Both, in the order of their buckets. */
export function withTimes(some: Times, others: Times): Times {
  if (others.length === 0) return some;
  const counts = new Map(some);
  for (const [ms, count] of others) counts.set(ms, (counts.get(ms) ?? 0) + count);
  return [...counts].sort(([a], [b]) => a - b);
}

/** The upper edge represents a bucket. */
export function drawTimes(dice: Dice, requests: number, stretch: Stretch): Times {
  const shares = sharesBelow(stretch);
  const counts = requests < 2 * edges.length ? one(dice, requests, shares) : many(dice, requests, shares);
  return [...counts].sort(([a], [b]) => a - b).map(([at, count]) => [edges[at] ?? 0, count] as const);
}

function one(dice: Dice, requests: number, shares: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (let request = 0; request < requests; request += 1) {
    const place = dice.uniform();
    let [low, high] = [0, shares.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((shares[middle] ?? 1) > place) high = middle;
      else low = middle + 1;
    }
    counts.set(low, (counts.get(low) ?? 0) + 1);
  }
  return counts;
}

function many(dice: Dice, requests: number, shares: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  let left = requests;
  let passed = 0;
  for (const [at, share] of shares.entries()) {
    if (left === 0) break;
    const count = at === shares.length - 1 ? left : dice.binomial(left, Math.min(1, (share - passed) / (1 - passed)));
    if (count > 0) counts.set(at, count);
    left -= count;
    passed = share;
  }
  return counts;
}
