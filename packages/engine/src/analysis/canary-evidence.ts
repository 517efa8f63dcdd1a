// What has been seen of a canary, summed up tick by tick in bounded memory: the evidence of each metric, and totals.

import type { Times } from '../domain/routing.ts';
import { addToBlock, type BlockEvidence, noBlocks } from './block-test.ts';
import type { Part } from './clients.ts';
import { addErrorTick, countOf, type ErrorEvidence, type Limits, noErrorEvidence } from './error-evidence.ts';
import {
  addTimes,
  quantiles,
  type SlowerBy,
  slowTicks,
  type TimesSeen,
  timesOf,
  timesSeen,
  usualSlower,
} from './latency.ts';
import type { Count } from './ratio-test.ts';

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
  /** Requests of the new side since the last one of the stable side. */
  alone?: number | undefined;
}

type Total = { -readonly [Key in keyof Count]: Count[Key] };

/** All of it as JSON, for the process that continues. */
export interface StoredEvidence extends Omit<CanaryEvidence, 'stableTimes' | 'canaryTimes'> {
  readonly stableTimes: Times;
  readonly canaryTimes: Times;
}

export function noCanaryEvidence(limits: Limits): CanaryEvidence {
  return {
    watchedMs: 0,
    errors: noErrorEvidence(limits),
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

export const restored = (evidence: StoredEvidence, limits: Limits): CanaryEvidence => ({
  ...structuredClone(evidence),
  errors: structuredClone(isOfThisVersion(evidence) ? evidence.errors : noErrorEvidence(limits)),
  latency: structuredClone(isOfThisVersion(evidence) ? evidence.latency : noLatency()),
  stableTimes: timesSeen(evidence.stableTimes),
  canaryTimes: timesSeen(evidence.canaryTimes),
});

/** A version before wrote evidence of other tests, which says nothing here: then all begins again but the totals. */
const isOfThisVersion = ({ errors, latency }: StoredEvidence): boolean =>
  errors.limit !== undefined &&
  latency.length === quantiles.length &&
  latency.every(({ worse: { products } }) => Array.isArray(products));

/** Changes `seen`. Latency is left out for `warmUpMs`, since caches are cold. */
export function addTick(seen: CanaryEvidence, limits: Limits, warmUpMs: number, tick: CanaryTick): void {
  seen.watchedMs += tick.ms;
  addErrors(seen, limits, tick);
  if (seen.watchedMs > warmUpMs) addLatency(seen, limits.slower ?? usualSlower, tick);
}

function addErrors(seen: CanaryEvidence, limits: Limits, tick: CanaryTick): void {
  const stable = countOf(tick.stable);
  const canary = countOf(tick.canary);
  const wide = { stable: countOf(tick.stable.wide ?? tick.stable), canary: countOf(tick.canary.wide ?? tick.canary) };
  addErrorTick(seen.errors, limits, { ms: tick.ms, stable, canary, wide });
  if (tick.canary.failing !== undefined) seen.failing = Math.max(seen.failing ?? 0, tick.canary.failing);
  addCount(seen.stable, stable);
  addCount(seen.canary, canary);
  seen.alone = stable.requests > 0 ? 0 : (seen.alone ?? 0) + canary.requests;
  const requests = stable.requests + canary.requests;
  if (requests === 0) return;
  seen.weighed[0] += (stable.events * canary.requests) / requests;
  seen.weighed[1] += (canary.events * stable.requests) / requests;
}

function addCount(total: Total, { requests, events }: Count): void {
  total.requests += requests;
  total.events += events;
}

function addLatency(seen: CanaryEvidence, slower: SlowerBy, { ms, stable, canary }: CanaryTick): void {
  if (stable.times === undefined || canary.times === undefined) return;
  const ticks = slowTicks(seen.stableTimes, { stable: stable.times, canary: canary.times }, slower);
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
