// How much the counters of one side have grown, from raw values: a restart is a value that fell, and a series that
// appears later began at zero. What they were before the first look is not of this canary.

import type { PairOfCounters, Series } from '../domain/evidence.ts';

type Last = Readonly<Record<string, readonly [atMs: number, value: number]>>;

/** Of one side; plain values, for the process that continues. */
export interface CountersSeen {
  readonly bad: Last;
  readonly all: Last;
  /** When the newest value of `all` was read, at the first look and now. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Growth {
  readonly seen: CountersSeen;
  readonly requests: number;
  readonly events: number;
}

/** Series that are gone are remembered for a while, up to this many. */
const mostSeries = 2_000;

export function firstLook(pair: PairOfCounters): CountersSeen {
  const newest = newestOf(pair.all);
  return { bad: grown({}, pair.bad).last, all: grown({}, pair.all).last, fromMs: newest, untilMs: newest };
}

export function growthOf(seen: CountersSeen, pair: PairOfCounters): Growth {
  const bad = grown(seen.bad, pair.bad);
  const all = grown(seen.all, pair.all);
  const untilMs = Math.max(seen.untilMs, newestOf(pair.all));
  return { seen: { ...seen, bad: bad.last, all: all.last, untilMs }, requests: all.growth, events: bad.growth };
}

const newestOf = (series: readonly Series[]): number =>
  series.reduce((newest, { samples }) => Math.max(newest, samples.at(-1)?.[0] ?? 0), 0);

function grown(before: Last, series: readonly Series[]): { readonly last: Last; readonly growth: number } {
  const last = new Map(Object.entries(before));
  let growth = 0;
  for (const { id, samples } of series)
    for (const [at, value] of samples) {
      const [lastAt, lastValue] = last.get(id) ?? [Number.NEGATIVE_INFINITY, 0];
      if (at <= lastAt) continue;
      growth += value >= lastValue ? value - lastValue : value;
      last.set(id, [at, value]);
    }
  const newest = [...last].toSorted(([, [one]], [, [other]]) => other - one).slice(0, mostSeries);
  return { last: Object.fromEntries(newest), growth };
}
