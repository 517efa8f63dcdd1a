// What each side answered, second by second for one hour, in bounded memory: a restarted process counts from nothing.

import type { FailedRequest } from '../../domain/failed-request.ts';
import type { SideCounts, Traffic } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { type Client, type ClientTally, createClientTally } from './clients.ts';
import { createFailureList, type FailureList, type RequestFacts } from './failures.ts';
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
  /** Whose request it was: the user's bucket, or the address where there is none. Undefined where the log does not say it. */
  readonly client?: Client | undefined;
  /** Which request it was. Read of one that failed only. */
  readonly request?: RequestFacts | undefined;
}

/** Whether it counts as an error of the side. */
export const isFailure = ({ status, failure }: Pick<Ending, 'status' | 'failure'>): boolean =>
  failure !== undefined || (status !== undefined && status >= 500);

export interface Counters {
  opened(slot: SlotName): void;
  closed(slot: SlotName): void;
  record(slot: SlotName, ending: Ending): void;
  /** So many requests were answered just now with an unknown result. */
  miss(requests: number): void;
  /** Counts from the second in which `sinceMs` falls. */
  traffic(sinceMs: number): Traffic;
  /** The first that failed from then on, oldest first. */
  failures(slot: SlotName, sinceMs: number): readonly FailedRequest[];
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
  readonly clients: Readonly<Record<Group, ClientSums>>;
  readonly times: Histogram;
}

/** Whether its request came with a bucket. */
type Group = 'known' | 'drawn';
type ClientSums = Record<'minutes' | 'errors' | 'worstRepeats', number>;

interface Side {
  readonly ring: Tally[];
  readonly clients: Readonly<Record<Group, ClientTally>>;
  readonly failures: FailureList;
  open: number;
}

const seconds = 3600;

export function createCounters(now: () => number): Counters {
  const sides: Readonly<Record<SlotName, Side>> = { blue: emptySide(), green: emptySide() };
  const missed: { second: number; requests: number }[] = [];

  return {
    opened: (slot) => void sides[slot].open++,
    closed: (slot) => void sides[slot].open--,
    record: (slot, ending) => addEnding(sides[slot], now(), ending),
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
        blue: sum(sides.blue, from),
        green: sum(sides.green, from),
        missed: sumMissed(missed, from),
      };
    },
    failures: (slot, sinceMs) => sides[slot].failures.since(Math.max(sinceMs, now() - seconds * 1000)),
    open: (slot) => sides[slot].open,
  };
}

const emptySide = (): Side => ({
  ring: [],
  clients: { known: createClientTally(), drawn: createClientTally() },
  failures: createFailureList(),
  open: 0,
});

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
  const none = () => ({ minutes: 0, errors: 0, worstRepeats: 0 });
  const clients = { known: none(), drawn: none() };
  return { second, requests: 0, errors: 0, connectFailures: 0, statusClasses, drawn, clients, times: emptyHistogram() };
}

function addEnding(side: Side, at: number, ending: Ending): void {
  const { status, ms, failure, drawn = false, client } = ending;
  const second = Math.floor(at / 1000);
  const tally = tallyOf(side.ring, second);
  const isError = isFailure(ending);
  if (isError) side.failures.add(at, ending);
  addClient(side, tally, { client, isError, second, group: drawn ? 'drawn' : 'known' });
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

interface ClientRequest {
  readonly client: Client | undefined;
  readonly isError: boolean;
  readonly second: number;
  readonly group: Group;
}

function addClient(side: Side, tally: Tally, { client, isError, second, group }: ClientRequest): void {
  const { isNew, isFirstError, isWorstRepeat } = side.clients[group].record(client, isError, second);
  const sums = tally.clients[group];
  if (isNew) sums.minutes++;
  if (isFirstError) sums.errors++;
  if (isWorstRepeat) sums.worstRepeats++;
}

function classOf(status: number): StatusClass {
  const hundreds = Math.min(5, Math.max(1, Math.floor(status / 100)));
  return `${hundreds as 1 | 2 | 3 | 4 | 5}xx`;
}

function sumMissed(ring: readonly ({ second: number; requests: number } | undefined)[], from: number): number {
  return ring.reduce((total, part) => total + (part !== undefined && part.second >= from ? part.requests : 0), 0);
}

function sum({ ring, clients, open }: Side, from: number): SideCounts {
  const total = emptyTally(0);
  for (const tally of ring) {
    if (tally === undefined || tally.second < from) continue;
    total.requests += tally.requests;
    total.errors += tally.errors;
    total.connectFailures += tally.connectFailures;
    addTo(total.drawn, tally.drawn);
    addTo(total.clients.known, tally.clients.known);
    addTo(total.clients.drawn, tally.clients.drawn);
    addTo(total.statusClasses, tally.statusClasses);
    mergeInto(total.times, tally.times);
  }
  const { requests, errors, connectFailures, statusClasses, drawn, times } = total;
  const clientsOf = (group: Group) => ({
    ...total.clients[group],
    ...(requests === 0 ? noneBusy : clients[group].since(from)),
  });
  const quantiles = { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), p99Ms: quantile(times, 0.99) };
  return {
    requests,
    errors,
    statusClasses,
    connectFailures,
    ...quantiles,
    open,
    drawn,
    clients: { known: clientsOf('known'), drawn: clientsOf('drawn') },
    times: timesIn(times),
  };
}

const noneBusy = { seen: 0, failing: 0, busiest: 0 };

function addTo<Name extends string>(total: Record<Name, number>, part: Readonly<Record<Name, number>>): void {
  for (const name of Object.keys(total) as Name[]) total[name] += part[name];
}
