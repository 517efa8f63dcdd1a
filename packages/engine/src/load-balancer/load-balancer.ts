// What a load balancer must be able to do for one target. One folder per driver; each signs load-balancer.contract.ts.

import type { SlotName } from '../environment/environment.ts';

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

/** What the balancer is built from; changes here are structural. */
export interface BalancerSpec {
  readonly service: string;
  readonly target: string;
  /** Where users connect. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly upstreams: Readonly<Record<SlotName, { readonly host: string; readonly port: number }>>;
  /** How a user is recognised, so that nobody flips between sides. */
  readonly sticky: { readonly by: 'cookie' | 'header' | 'address'; readonly name: string };
  readonly preview: { readonly header: string; readonly cookie: string; readonly token: string } | undefined;
  /** A request without an answer's head for this long gets 504. */
  readonly requestTimeoutMs: number;
}

/** One node's own account of itself. */
export interface ObservedNode {
  readonly node: string;
  readonly reachable: boolean;
  /** Undefined when unreachable or unreadable; `problem` says why. */
  readonly routing: Routing | undefined;
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
}

export type Traffic = Readonly<Record<SlotName, SideCounts>>;

export interface LoadBalancer {
  /** Addresses of every node for probes, `http://host:port` each. */
  readonly entrypoints: readonly string[];
  /** Sent with every probe: it is then counted nowhere, and the answer's `x-served-by` names the side. Holds a secret. */
  readonly probeHeaders: Readonly<Record<string, string>>;
  /** Beside `probeHeaders`: this header's value `0`…`9999` decides the side as for a user of that bucket. */
  readonly bucketHeader: string;
  /** Brings the balancer up with this spec and its last routing; harmless to repeat. Restarts a managed one that died. */
  ensure(): Promise<void>;
  /**
   * Puts the routing in place on every node and resolves only when each was seen to follow. Repeating the same routing
   * is harmless. @throws `balancer-stale-generation`, `fenced-out`, `balancer-unreachable`, `balancer-unsettled`
   */
  apply(routing: Routing, fence: Fence): Promise<void>;
  /** Never throws for a dead node: says so in its row. */
  observe(): Promise<readonly ObservedNode[]>;
  /** Counts since `sinceMs` (epoch), whole seconds, at most the last hour. Preview requests are not counted. */
  traffic(sinceMs: number): Promise<Traffic>;
  /** Ends a managed balancer. For the end of a demonstration, never part of a deployment. */
  shutdown(): Promise<void>;
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
};
