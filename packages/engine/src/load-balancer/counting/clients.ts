// What one side's clients did, minute by minute: errors of one client count once a minute, and a person sees whether the
// requests are those of one client. Holds hashes, with a key that this process has drawn; never a name or an address.

import { randomInt } from 'node:crypto';

/** A bucket, or a text such as an address. */
export type Client = string | number;

export interface ClientTally {
  /** To be called for each request, at the second of its end. Undefined for one whose client is not known. */
  record(client: Client | undefined, isError: boolean, second: number): ClientEvent;
  /** From the minute in which this second falls. */
  since(second: number): BusyClients;
}

/** What a request adds to the counts of its second. */
export interface ClientEvent {
  /** The first of its client in this minute. */
  readonly isNew: boolean;
  /** The first error of its client in this minute, unless no other client has failed in so many minutes. */
  readonly isFirstError: boolean;
  /** One more error of the client with most of them in this minute, or one more minute of the client with most minutes. */
  readonly isWorstRepeat: boolean;
}

/** Numbers of clients are lower bounds from 32 a minute on. */
export interface BusyClients {
  readonly seen: number;
  readonly failing: number;
  /** Requests of the one that made most. */
  readonly busiest: number;
}

/** Of each kind, a side and a minute. Clients beyond these are each counted as new with every request. */
export const mostClients = 4_096;
const busiestKept = 32;
const minutesKept = 60;

interface Minute {
  readonly minute: number;
  /** Requests and errors of each client. */
  readonly seen: Map<number, number>;
  readonly failed: Map<number, number>;
  worst: number;
}

type Busiest = readonly (readonly [client: number, count: number])[];

/** In how many minutes of this hour each client failed. */
interface FailureRecord {
  readonly began: number;
  readonly minutes: Map<number, number>;
  most: number;
}

interface PastMinute {
  readonly minute: number;
  readonly seen: Busiest;
  readonly failed: Busiest;
}

const unknown: ClientEvent = { isNew: true, isFirstError: true, isWorstRepeat: false };
const noError = { isFirstError: false, isWorstRepeat: false };
const firstError = { isFirstError: true, isWorstRepeat: false };

export function createClientTally(): ClientTally {
  const key = randomInt(2 ** 31);
  const past: PastMinute[] = [];
  let present = emptyMinute(0);
  let long = emptyFailureRecord(0);
  return {
    record: (client, isError, second) => {
      const minute = Math.floor(second / 60);
      // A line of a log may come late; it then counts in the present minute.
      if (minute > present.minute) {
        if (present.seen.size > 0) past[present.minute % minutesKept] = pastOf(present);
        present = emptyMinute(minute);
        if (minute >= long.began + minutesKept) long = emptyFailureRecord(minute);
      }
      if (client === undefined) return { ...unknown, isFirstError: isError };
      const hash = hashOf(client, key);
      return { isNew: addSeen(present, hash), ...(isError ? addFailed(present, long, hash) : noError) };
    },
    since: (second) => busyIn([...past.filter((each) => each !== undefined), pastOf(present)], Math.floor(second / 60)),
  };
}

const emptyMinute = (minute: number): Minute => ({ minute, seen: new Map(), failed: new Map(), worst: 0 });

const emptyFailureRecord = (began: number): FailureRecord => ({ began, minutes: new Map(), most: 0 });

function addSeen({ seen }: Minute, client: number): boolean {
  const requests = seen.get(client);
  if (requests !== undefined || seen.size < mostClients) seen.set(client, (requests ?? 0) + 1);
  return requests === undefined;
}

function addFailed(minute: Minute, long: FailureRecord, client: number): Omit<ClientEvent, 'isNew'> {
  const errors = (minute.failed.get(client) ?? 0) + 1;
  if (errors > 1 || minute.failed.size < mostClients) minute.failed.set(client, errors);
  if (errors === 1) return breaksFailureRecord(long, client) ? { ...noError, isWorstRepeat: true } : firstError;
  const isWorse = errors > minute.worst;
  if (isWorse) minute.worst = errors;
  return { isFirstError: false, isWorstRepeat: isWorse };
}

/** To be called once for a client and minute. A client's first minute breaks none. */
function breaksFailureRecord(long: FailureRecord, client: number): boolean {
  const minutes = (long.minutes.get(client) ?? 0) + 1;
  if (minutes > 1 || long.minutes.size < mostClients) long.minutes.set(client, minutes);
  if (minutes <= long.most) return false;
  long.most = minutes;
  return minutes > 1;
}

const pastOf = ({ minute, seen, failed }: Minute): PastMinute => ({
  minute,
  seen: busiestOf(seen),
  failed: busiestOf(failed),
});

const busiestOf = (counts: ReadonlyMap<number, number>): Busiest =>
  [...counts].sort(([, one], [, other]) => other - one).slice(0, busiestKept);

function busyIn(minutes: readonly PastMinute[], from: number): BusyClients {
  const oldest = (minutes.at(-1)?.minute ?? 0) - minutesKept;
  const seen = new Map<number, number>();
  const failing = new Set<number>();
  for (const { minute, ...clients } of minutes) {
    if (minute < from || minute <= oldest) continue;
    for (const [client, requests] of clients.seen) seen.set(client, (seen.get(client) ?? 0) + requests);
    for (const [client] of clients.failed) failing.add(client);
  }
  return { seen: seen.size, failing: failing.size, busiest: Math.max(0, ...seen.values()) };
}

/** FNV-1a, begun with a key: who chooses a name cannot choose what it collides with. */
function hashOf(client: Client, key: number): number {
  if (typeof client === 'number') return Math.imul(client ^ key, 0x9e3779b1) | 0;
  let hash = key;
  for (let at = 0; at < client.length; at++) hash = Math.imul(hash ^ client.charCodeAt(at), 0x01000193);
  return hash | 0;
}
