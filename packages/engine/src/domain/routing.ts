// What users get: the routing that is meant and the one that a node does, and how many requests each side answered.

import type { SlotName } from './target.ts';

/** What the balancer does with requests. Stored as intent, observed as truth. */
export interface Routing {
  /** Only grows; a write that does not raise it is refused. */
  readonly generation: number;
  /** Undefined before the first promotion: the balancer answers 503. */
  readonly active: SlotName | undefined;
  readonly canary: { readonly slot: SlotName; readonly percent: number } | undefined;
  /** Reached only with the preview token. */
  readonly preview: SlotName | undefined;
}

/** Fencing token of the lease under which a write happens: only grows. A balancer refuses a lower one than it has seen. */
export type Fence = number;

/** One node's own account of itself. */
export interface ObservedNode {
  readonly node: string;
  readonly reachable: boolean;
  /** Undefined when unreachable or unreadable; `problem` says why. */
  readonly routing: Routing | undefined;
  /** Under which its routing was put in place, as far as the node says. */
  readonly fence?: Fence;
  /** Epoch ms: since when it has answered, where it says so. */
  readonly startedAt?: number;
  readonly problem?: string;
}

/** Requests that one side answered in a window. */
export interface SideCounts {
  readonly requests: number;
  /** Answers 5xx of the service, plus connection failures and timeouts on the way to it. */
  readonly errors: number;
  readonly statusClasses: Readonly<Record<'1xx' | '2xx' | '3xx' | '4xx' | '5xx', number>>;
  readonly connectFailures: number;
  /** From a histogram with at most 5 % error; 0 without requests. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** In flight now, upgraded connections and streams included. */
  readonly open: number;
  /**
   * Those of all of the above that came without a bucket and drew one. A client that drops its cookie draws as often as it
   * likes, so the judge weighs them apart. Missing in what an older version counted.
   */
  readonly drawn?: DrawnCounts;
  /** The same by clients, so that none of them decides alone; missing in what an older version counted. */
  readonly clients?: { readonly known: ClientCounts; readonly drawn: ClientCounts };
  /** Times of the answers; missing in what an older version counted. */
  readonly times?: Times;
}

/** How many answers took so many milliseconds, ascending, within 2.5 % of the truth. Without times that nothing took. */
export type Times = readonly (readonly [ms: number, count: number])[];

export interface DrawnCounts {
  readonly requests: number;
  readonly errors: number;
}

/**
 * A client is a user's bucket, else an address. A side tells 4,096 of them apart in a minute; beyond that, each further
 * request counts as one of another client.
 */
export interface ClientCounts {
  /** Clients, each once for every minute in which it asked. */
  readonly minutes: number;
  /** Errors, of each client once a minute; of the client that fails in the most minutes only once. */
  readonly errors: number;
  /** Errors beyond its first, of the client that has most of them in its minute: no single client makes the others. */
  readonly worstRepeats: number;
  /** Different clients; a lower bound from 32 a minute on. 0 where no request names its client. */
  readonly seen: number;
  /** Those of them that met an error. */
  readonly failing: number;
  /** Requests of the client that made most. */
  readonly busiest: number;
}

export interface Traffic extends Readonly<Record<SlotName, SideCounts>> {
  /** Requests that were answered in this window and are known not to be counted above. */
  readonly missed: number;
}

export const noCounts: SideCounts = {
  requests: 0,
  errors: 0,
  statusClasses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
  connectFailures: 0,
  p50Ms: 0,
  p95Ms: 0,
  p99Ms: 0,
  open: 0,
  drawn: { requests: 0, errors: 0 },
  clients: {
    known: { minutes: 0, errors: 0, worstRepeats: 0, seen: 0, failing: 0, busiest: 0 },
    drawn: { minutes: 0, errors: 0, worstRepeats: 0, seen: 0, failing: 0, busiest: 0 },
  },
  times: [],
};

/** Errors as the judge counts them: of each client one a minute, where there is more than one. */
export function errorsByClient({ errors, clients }: SideCounts): number {
  if (clients === undefined || Math.max(clients.known.seen, clients.drawn.seen) < 2) return errors;
  return clients.known.errors + clients.drawn.errors;
}

/** None for a side with one instance. */
export type InstanceTraffic = Readonly<Record<SlotName, readonly InstanceCounts[]>>;

export interface InstanceCounts {
  /** In flight now; where the balancer's program does not say it, the connections to the instance, idle ones among them. */
  readonly open: number;
  /** Since the balancer's process began; undefined where it does not count them. Probes are counted too. */
  readonly requests?: number | undefined;
  /** Answers 5xx, and connections that failed. */
  readonly errors?: number | undefined;
}
