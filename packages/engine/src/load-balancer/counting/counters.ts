// What each side answered, second by second for one hour, in bounded memory: a restarted process counts from nothing.

import type { SideCounts, Traffic } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { addTime, emptyHistogram, type Histogram, mergeInto, quantile, timesIn } from './histogram.ts';

/** How one exchange with a side ended, as the user saw it. */
export interface Ending {
  /** Undefined when the user went away before an answer's head. */
  readonly status: number | undefined;
  /** From the request's head to the answer's end; to the answer's head for event streams and upgrades. */
  readonly ms: number;
  readonly failure: 'connect' | 'timeout' | 'cut' | undefined;
  /** The user came without a bucket, and got one. */
  readonly drawn?: boolean;
}

export interface Counters {
  opened(slot: SlotName): void;
  closed(slot: SlotName): void;
  record(slot: SlotName, ending: Ending): void;
  /** So many requests were answered just now with an unknown result. */
  miss(requests: number): void;
  /** Counts from the second in which `sinceMs` falls. */
  traffic(sinceMs: number): Traffic;
  open(slot: SlotName): number;
}

type StatusClass = keyof SideCounts['statusClasses'];

interface Tally {
  second: number;
  requests: number;
  errors: number;
  connectFailures: number;
  readonly statusClasses: Record<StatusClass, number>;
  readonly drawn: { requests: number; errors: number };
  readonly times: Histogram;
}

const seconds = 3600;

export function createCounters(now: () => number): Counters {
  const rings: Readonly<Record<SlotName, Tally[]>> = { blue: [], green: [] };
  const open: Record<SlotName, number> = { blue: 0, green: 0 };
  const missed: { second: number; requests: number }[] = [];

  return {
    opened: (slot) => void open[slot]++,
    closed: (slot) => void open[slot]--,
    record: (slot, ending) => addEnding(tallyOf(rings[slot], Math.floor(now() / 1000)), ending),
    miss: (requests) => {
      const second = Math.floor(now() / 1000);
      const present = missed[second % seconds];
      if (present?.second === second) present.requests += requests;
      else missed[second % seconds] = { second, requests };
    },
    traffic: (sinceMs) => {
      const to = Math.floor(now() / 1000);
      const from = Math.max(Math.floor(sinceMs / 1000), to - seconds + 1);
      return {
        blue: sum(rings.blue, from, open.blue),
        green: sum(rings.green, from, open.green),
        missed: sumMissed(missed, from),
      };
    },
    open: (slot) => open[slot],
  };
}

function tallyOf(ring: Tally[], second: number): Tally {
  const place = second % seconds;
  const present = ring[place];
  if (present?.second === second) return present;
  const fresh = emptyTally(second);
  ring[place] = fresh;
  return fresh;
}

function emptyTally(second: number): Tally {
  const statusClasses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
  const drawn = { requests: 0, errors: 0 };
  return { second, requests: 0, errors: 0, connectFailures: 0, statusClasses, drawn, times: emptyHistogram() };
}

function addEnding(tally: Tally, { status, ms, failure, drawn = false }: Ending): void {
  const isError = failure !== undefined || (status !== undefined && status >= 500);
  tally.requests++;
  if (failure === 'connect') tally.connectFailures++;
  if (isError) tally.errors++;
  if (drawn) {
    tally.drawn.requests++;
    if (isError) tally.drawn.errors++;
  }
  if (status !== undefined) tally.statusClasses[classOf(status)]++;
  addTime(tally.times, ms);
}

function classOf(status: number): StatusClass {
  const hundreds = Math.min(5, Math.max(1, Math.floor(status / 100)));
  return `${hundreds as 1 | 2 | 3 | 4 | 5}xx`;
}

function sumMissed(ring: readonly ({ second: number; requests: number } | undefined)[], from: number): number {
  return ring.reduce((total, part) => total + (part !== undefined && part.second >= from ? part.requests : 0), 0);
}

function sum(ring: readonly (Tally | undefined)[], from: number, open: number): SideCounts {
  const total = emptyTally(0);
  for (const tally of ring) {
    if (tally === undefined || tally.second < from) continue;
    total.requests += tally.requests;
    total.errors += tally.errors;
    total.connectFailures += tally.connectFailures;
    total.drawn.requests += tally.drawn.requests;
    total.drawn.errors += tally.drawn.errors;
    for (const name of Object.keys(total.statusClasses) as StatusClass[]) {
      total.statusClasses[name] += tally.statusClasses[name];
    }
    mergeInto(total.times, tally.times);
  }
  const { requests, errors, connectFailures, statusClasses, drawn, times } = total;
  const quantiles = { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), p99Ms: quantile(times, 0.99) };
  return { requests, errors, statusClasses, connectFailures, ...quantiles, open, drawn, times: timesIn(times) };
}
