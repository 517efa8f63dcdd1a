// What has been seen of a canary, summed up tick by tick in bounded memory: the evidence of each metric, and totals.

import type { Times } from '../domain/routing.ts';
import { addToBlock, type BlockEvidence, noBlocks } from './block-test.ts';
import type { Part } from './clients.ts';
import { addTimes, quantiles, slowTicks, type TimesSeen, timesOf, timesSeen } from './latency.ts';
import {
  addRate,
  addRatio,
  type Count,
  type Evidence,
  noEvidence,
  type RateTest,
  type RatioTest,
} from './ratio-test.ts';

export interface SideTick {
  readonly requests: number;
  /** Of one client, the first in a minute; its others are in neither number. */
  readonly errors: number;
  /** With the repeated errors of all clients but one: what shows that a release is good. Undefined: the same. */
  readonly wide?: Part | undefined;
  /** How many clients met an error since the share was set; undefined where they are not told apart. */
  readonly failing?: number | undefined;
  /** Undefined where they were not counted: then latency is not judged. */
  readonly times?: Times | undefined;
}

/** Both sides in the same span of time, of `ms`. */
export interface CanaryTick {
  readonly ms: number;
  readonly stable: SideTick;
  readonly canary: SideTick;
}

/** What is worth taking a release back for, or holding it for. */
export interface Limits {
  /** A rate of errors up to so many times the stable one is no reason to hold: 2. */
  readonly errorRatio: number;
  /** Nor is one below this: 0.005. */
  readonly errorRate: number;
  /** More errors than this are a failure, no matter what the stable side does: 0.05. */
  readonly errorCeiling: number;
}

export interface ErrorEvidence {
  /** Against "no worse than the stable side". */
  readonly worse: Evidence;
  /** Against "below the ceiling". */
  readonly ceiling: Evidence;
  /** Against "worse by the ratio or more". */
  readonly within: Evidence;
  /** Against "at least the rate". */
  readonly rare: Evidence;
}

export interface LatencyEvidence {
  readonly worse: BlockEvidence;
  readonly within: BlockEvidence;
}

export interface CanaryEvidence {
  watchedMs: number;
  readonly errors: ErrorEvidence;
  /** In the order of `quantiles`. */
  readonly latency: readonly LatencyEvidence[];
  readonly stable: Total;
  readonly canary: Total;
  /** Errors weighed by the other side's share of each tick (Mantel and Haenszel 1959): robust to a new weight. */
  readonly weighed: [stable: number, canary: number];
  readonly stableTimes: TimesSeen;
  readonly canaryTimes: TimesSeen;
  /** The most clients of the new side that met an error during one share; undefined where they are not told apart. */
  failing?: number | undefined;
}

type Total = { -readonly [Key in keyof Count]: Count[Key] };

/** All of it as JSON, for the process that continues. */
export interface StoredEvidence extends Omit<CanaryEvidence, 'stableTimes' | 'canaryTimes'> {
  readonly stableTimes: Times;
  readonly canaryTimes: Times;
}

const worse: RatioTest = { against: 1, ratios: [1.25, 1.5, 2, 3, 5, 10, 30, 100] };
const part = (of: number, parts: readonly number[]): readonly number[] =>
  parts.map((each) => Math.min(0.99, each * of));

interface ErrorTests {
  readonly ceiling: RateTest;
  readonly within: RatioTest;
  readonly rare: RateTest;
}

const testsFor = ({ errorCeiling, errorRatio, errorRate }: Limits): ErrorTests => ({
  ceiling: { against: errorCeiling, rates: part(errorCeiling, [1.3, 2, 4, 8]) },
  within: { against: errorRatio, ratios: [0.625, 0.5, 0.35, 0.2, 0.05].map((each) => each * errorRatio) },
  rare: { against: errorRate, rates: part(errorRate, [0.6, 0.3, 0.1, 0.01]) },
});

export function noCanaryEvidence(limits: Limits): CanaryEvidence {
  const { ceiling, within, rare } = testsFor(limits);
  return {
    watchedMs: 0,
    errors: {
      worse: noEvidence(worse.ratios),
      ceiling: noEvidence(ceiling.rates),
      within: noEvidence(within.ratios),
      rare: noEvidence(rare.rates),
    },
    latency: noLatency(),
    stable: { requests: 0, events: 0 },
    canary: { requests: 0, events: 0 },
    weighed: [0, 0],
    stableTimes: timesSeen([]),
    canaryTimes: timesSeen([]),
  };
}

const noLatency = (): readonly LatencyEvidence[] => quantiles.map(() => ({ worse: noBlocks(), within: noBlocks() }));

export const stored = (seen: CanaryEvidence): StoredEvidence => ({
  ...structuredClone(seen),
  stableTimes: timesOf(seen.stableTimes),
  canaryTimes: timesOf(seen.canaryTimes),
});

export const restored = (evidence: StoredEvidence): CanaryEvidence => ({
  ...structuredClone(evidence),
  latency: structuredClone(isByBlocks(evidence) ? evidence.latency : noLatency()),
  stableTimes: timesSeen(evidence.stableTimes),
  canaryTimes: timesSeen(evidence.canaryTimes),
});

/** A version before wrote evidence of another test, which says nothing here: that of latency begins again. */
const isByBlocks = ({ latency }: StoredEvidence): boolean =>
  latency.length === quantiles.length && latency.every(({ worse: { products } }) => Array.isArray(products));

/** Changes `seen`. Latency is left out for `warmUpMs`, since caches are cold. */
export function addTick(seen: CanaryEvidence, limits: Limits, warmUpMs: number, tick: CanaryTick): void {
  seen.watchedMs += tick.ms;
  addErrors(seen, testsFor(limits), tick);
  if (seen.watchedMs > warmUpMs) addLatency(seen, tick);
}

function addErrors(seen: CanaryEvidence, tests: ErrorTests, tick: CanaryTick): void {
  const stable = countOf(tick.stable);
  const canary = countOf(tick.canary);
  const wide = { stable: countOf(tick.stable.wide ?? tick.stable), canary: countOf(tick.canary.wide ?? tick.canary) };
  addRatio(worse, seen.errors.worse, { stable, canary });
  addRatio(tests.within, seen.errors.within, wide);
  addRate(tests.ceiling, seen.errors.ceiling, canary);
  addRate(tests.rare, seen.errors.rare, wide.canary);
  if (tick.canary.failing !== undefined) seen.failing = Math.max(seen.failing ?? 0, tick.canary.failing);
  addCount(seen.stable, stable);
  addCount(seen.canary, canary);
  const requests = stable.requests + canary.requests;
  if (requests === 0) return;
  seen.weighed[0] += (stable.events * canary.requests) / requests;
  seen.weighed[1] += (canary.events * stable.requests) / requests;
}

const countOf = ({ requests, errors }: Part): Count => ({ requests, events: errors });

function addCount(total: Total, { requests, events }: Count): void {
  total.requests += requests;
  total.events += events;
}

function addLatency(seen: CanaryEvidence, { ms, stable, canary }: CanaryTick): void {
  if (stable.times === undefined || canary.times === undefined) return;
  const ticks = slowTicks(seen.stableTimes, stable.times, canary.times);
  for (const [at, slow] of (ticks ?? []).entries()) {
    const evidence = seen.latency[at];
    if (!evidence) continue;
    const share = 1 - (quantiles[at]?.at ?? 0);
    addToBlock(evidence.worse, { tick: slow.worse, ms, share, for: 'more' });
    addToBlock(evidence.within, { tick: slow.within, ms, share, for: 'fewer' });
  }
  addTimes(seen.stableTimes, stable.times);
  if (ticks) addTimes(seen.canaryTimes, canary.times);
}
