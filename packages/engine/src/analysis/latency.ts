// Latency as events: "slower than the stable side's median, 90th or 99th percentile has been so far". The limit of a
// tick comes from earlier ticks only, so that it cannot depend on the tick itself.

import type { Times } from '../domain/routing.ts';
import type { Count, Tick } from './ratio-test.ts';

export const quantiles = [
  { name: 'p50', at: 0.5 },
  { name: 'p90', at: 0.9 },
  { name: 'p99', at: 0.99 },
] as const;

/** Nor is less than this: balancers count whole milliseconds, and users do not feel it. */
const slackMs = 5;

/** A new side that is slower by less than the factor of a quantile, or by less than `ms`, is good. */
export interface SlowerBy {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly ms: number;
}

export const usualSlower: SlowerBy = { p50: 1.25, p90: 1.25, p99: 1.5, ms: slackMs };

/** Fewer earlier answers give no limit that is worth a comparison. */
const leastEarlier = 200;

/** How many answers took so long, in total. Bounded by the number of buckets that the counters have. */
export interface TimesSeen {
  total: number;
  /** Ascending, each with its count in `counts`. */
  readonly ms: number[];
  readonly counts: number[];
}

export interface SlowTick {
  /** Both sides against the same limit. */
  readonly worse: Tick;
  /** At the limit and above, the new side against one that is larger by the margin. */
  readonly within: Tick;
}

export function timesSeen(times: Times): TimesSeen {
  const seen: TimesSeen = { total: 0, ms: [], counts: [] };
  addTimes(seen, times);
  return seen;
}

export const timesOf = ({ ms, counts }: TimesSeen): Times => ms.map((each, at) => [each, counts[at] ?? 0]);

export function addTimes(seen: TimesSeen, times: Times): void {
  let at = 0;
  for (const [ms, count] of times) {
    while (at < seen.ms.length && (seen.ms[at] ?? 0) < ms) at += 1;
    if (seen.ms[at] === ms) seen.counts[at] = (seen.counts[at] ?? 0) + count;
    else {
      seen.ms.splice(at, 0, ms);
      seen.counts.splice(at, 0, count);
    }
    seen.total += count;
  }
}

/** In milliseconds; 0 where nothing was seen. */
export function quantileOf({ total, ms, counts }: TimesSeen, at: number): number {
  const rank = Math.max(1, Math.ceil(at * total));
  let passed = 0;
  const place = counts.findIndex((count) => {
    passed += count;
    return passed >= rank;
  });
  return ms[place] ?? 0;
}

export interface TimesOfTick {
  readonly stable: Times;
  readonly canary: Times;
}

/** For each of `quantiles`; undefined while too few answers came earlier. */
export function slowTicks(
  earlier: TimesSeen,
  { stable, canary }: TimesOfTick,
  slower: SlowerBy,
): readonly SlowTick[] | undefined {
  if (earlier.total < leastEarlier) return undefined;
  return quantiles.map(({ name, at }) => {
    const limit = quantileOf(earlier, at);
    const largest = Math.max(limit * slower[name], limit + slower.ms);
    return {
      worse: { stable: count(stable, (ms) => ms > limit), canary: count(canary, (ms) => ms > limit) },
      within: { stable: count(stable, (ms) => ms >= limit), canary: count(canary, (ms) => ms >= largest) },
    };
  });
}

function count(times: Times, isEvent: (ms: number) => boolean): Count {
  let requests = 0;
  let events = 0;
  for (const [ms, answers] of times) {
    requests += answers;
    if (isEvent(ms)) events += answers;
  }
  return { requests, events };
}
