// Both sides of a canary over time, for people: a bounded list of points, each of a span of time. It only sums up what the
// balancer counted; no verdict is made from it.

import type { SideCounts, Times } from '../domain/routing.ts';
import { addTimes, quantileOf, type TimesSeen, timesSeen } from './latency.ts';
import { timesBetween } from './ticks.ts';

/** What one side answered in a span of time. */
export interface TrendSide {
  readonly requests: number;
  readonly errors: number;
  /** Undefined where nothing was answered, or no time was counted: never 0 for want of data. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export interface TrendPoint {
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** Of the users, on the new side. */
  readonly percent: number;
  readonly stable: TrendSide;
  readonly canary: TrendSide;
}

/** As JSON, for the process that continues. */
export interface StoredTrend {
  /** A point lasts about so long. */
  readonly spanMs: number;
  /** Oldest first; the last one may still grow. */
  readonly points: readonly TrendPoint[];
  /** Since when the totals are counted. */
  readonly since: number;
  readonly totals: { readonly stable: Counted; readonly canary: Counted };
}

interface Counted {
  readonly requests: number;
  readonly errors: number;
}

/** Counts since the share was set. */
export interface TrendLook {
  readonly at: number;
  readonly sharedSince: number;
  readonly percent: number;
  readonly stable: SideCounts;
  readonly canary: SideCounts;
}

export interface Trend {
  add(look: TrendLook): void;
  /** Undefined before the first look. */
  state(): StoredTrend | undefined;
}

/** As many as a terminal or a small picture shows. */
export const mostPoints = 60;
const firstSpanMs = 5_000;

export function createTrend(before?: StoredTrend): Trend {
  let { spanMs, points } = { spanMs: before?.spanMs ?? firstSpanMs, points: before?.points ?? [] };
  let last: Last | undefined = before && { since: before.since, ...before.totals };
  let open: Open | undefined;
  const close = (): void => {
    if (open !== undefined) ({ spanMs, points } = bounded(spanMs, [...points, pointOf(open)]));
    open = undefined;
  };
  return {
    add(look) {
      const since = look.sharedSince;
      const known = last?.since === since ? last : undefined;
      last = { since, stable: look.stable, canary: look.canary };
      const stable = grown(known?.stable, look.stable);
      const canary = grown(known?.canary, look.canary);
      // A count fell: the process that counts was restarted, and nothing is known of this moment.
      if (stable === undefined || canary === undefined) return;
      if (open !== undefined && (open.percent !== look.percent || isLong(open, look.at, spanMs))) close();
      open ??= emptyAt(points.at(-1), look);
      open.to = look.at;
      addSide(open.stable, stable);
      addSide(open.canary, canary);
    },
    state() {
      if (last === undefined) return undefined;
      const { since, stable, canary } = last;
      const all = open === undefined ? points : [...points, pointOf(open)];
      return { spanMs, points: all, since, totals: { stable: countedOf(stable), canary: countedOf(canary) } };
    },
  };
}

type Count = Counted & { readonly times?: Times | undefined };

interface Last {
  readonly since: number;
  readonly stable: Count;
  readonly canary: Count;
}

interface OpenSide {
  requests: number;
  errors: number;
  readonly times: TimesSeen;
}

interface Open {
  readonly from: number;
  to: number;
  readonly percent: number;
  readonly stable: OpenSide;
  readonly canary: OpenSide;
}

/** A clock that was set back ends it too. */
const isLong = ({ from }: Open, at: number, spanMs: number): boolean => at - from >= spanMs || at < from;

function emptyAt(earlier: Pick<TrendPoint, 'to'> | undefined, { at, sharedSince, percent }: TrendLook): Open {
  const side = (): OpenSide => ({ requests: 0, errors: 0, times: timesSeen([]) });
  const from = Math.min(at, Math.max(sharedSince, earlier?.to ?? sharedSince));
  return { from, to: at, percent, stable: side(), canary: side() };
}

function addSide(side: OpenSide, { requests, errors, times }: Count): void {
  side.requests += requests;
  side.errors += errors;
  addTimes(side.times, times ?? []);
}

/** Undefined where a count fell. Without earlier times nothing is known of the new ones. */
function grown(before: Count | undefined, now: Count): Count | undefined {
  if (before === undefined) return now;
  const [requests, errors] = [now.requests - before.requests, now.errors - before.errors];
  if (requests < 0 || errors < 0) return undefined;
  return { requests, errors, times: timesBetween(before.times, now.times) };
}

const countedOf = ({ requests, errors }: Count): Counted => ({ requests, errors });

function pointOf({ from, to, percent, stable, canary }: Open): TrendPoint {
  return { from, to, percent, stable: sideOf(stable), canary: sideOf(canary) };
}

function sideOf({ requests, errors, times }: OpenSide): TrendSide {
  const at = (quantile: number) => (times.total === 0 ? undefined : quantileOf(times, quantile));
  return { requests, errors, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Neighbours become one point, and later points last twice as long. */
function bounded(spanMs: number, points: readonly TrendPoint[]): Pick<StoredTrend, 'spanMs' | 'points'> {
  if (points.length <= mostPoints) return { spanMs, points };
  const wider = spanMs * 2;
  const fewer: TrendPoint[] = [];
  for (const point of points) {
    const previous = fewer.at(-1);
    const isOne = previous?.percent === point.percent && point.to - previous.from <= wider * 1.2;
    if (isOne) fewer.splice(-1, 1, joined(previous, point));
    else fewer.push(point);
  }
  // So many shares that none has two points: the beginning goes.
  return { spanMs: wider, points: fewer.slice(-mostPoints) };
}

export function joined(one: TrendPoint, other: TrendPoint): TrendPoint {
  const { from, percent } = one;
  return {
    from,
    to: other.to,
    percent,
    stable: joinedSide(one.stable, other.stable),
    canary: joinedSide(one.canary, other.canary),
  };
}

function joinedSide(one: TrendSide, other: TrendSide): TrendSide {
  return {
    requests: one.requests + other.requests,
    errors: one.errors + other.errors,
    p50Ms: weighed(one, other, 'p50Ms'),
    p99Ms: weighed(one, other, 'p99Ms'),
  };
}

/** The mean by requests: the times themselves are gone, and a curve of means shows the same change. */
function weighed(one: TrendSide, other: TrendSide, key: 'p50Ms' | 'p99Ms'): number | undefined {
  const [first, second] = [one[key], other[key]];
  if (first === undefined || second === undefined) return first ?? second;
  const requests = one.requests + other.requests;
  return requests === 0 ? second : (first * one.requests + second * other.requests) / requests;
}
