// What a load balancer may have beyond the core: an interface for each capability, present where the driver has it. Plan and
// `config check` ask for presence, and name driver and capability where one is missing.

import type { BalancerCapability } from '../domain/capabilities.ts';
import type { FailedRequest } from '../domain/failed-request.ts';
import type { InstanceTraffic, Traffic } from '../domain/routing.ts';
import type { SlotName } from '../domain/target.ts';
import type { BalancerCore, BalancerSpec } from './load-balancer.ts';

export type BalancerCapabilities = Offered<{
  readonly weights: Weights;
  readonly sticky: Sticky;
  readonly counts: Counts;
  readonly preview: Preview;
  readonly drain: Drain;
  readonly admission: Admission;
}>;

/** Each may be absent; the names are those that sentences about a missing one know. */
type Offered<All extends Readonly<Record<BalancerCapability, object>>> = {
  readonly [Name in keyof All]?: All[Name] | undefined;
};

/** `apply` follows `canary`: it sends a share of the users to one side, and the users of `allow` before any share. */
export interface Weights {
  /** In addition to `probeHeaders`: this header's value `0`…`9999` decides the side as for a user of that bucket. */
  readonly bucketHeader: string;
}

/** Keeps a user on one side while users are shared. */
export interface Sticky {
  /** What it may recognise a user by. */
  readonly by: readonly BalancerSpec['sticky']['by'][];
}

/** Counts what each side answered, so that a canary can be judged. */
export interface Counts {
  /** Counts since `sinceMs` (epoch), whole seconds, at most the last hour. Preview requests are not counted. */
  traffic(sinceMs: number): Promise<Traffic>;
  /**
   * The first requests of the side that count as errors, oldest first: at most ten, of the last hour, and of each minute
   * its first ten. Preview requests and probes are none.
   */
  failures(slot: SlotName, sinceMs: number): Promise<readonly FailedRequest[]>;
  /** Of each instance of a side with several, in order, also of those that are left out. Undefined: it counts sides only. */
  instances?(): Promise<InstanceTraffic>;
}

/** `apply` follows `preview`: a user with the token reaches a side that no other user reaches. */
export interface Preview {
  /** Where the token may be. */
  readonly by: readonly ('header' | 'cookie' | 'host')[];
}

/** Closes connections on a side that gets no users any more, over `drainSpreadMs`. */
export interface Drain {
  readonly closes: 'one by one';
}

/** Leaves out instances of a side while it runs, so that their number may change: `admit` is there then. */
export interface Admission {
  /** Of so many instances in a side, all but one can be left out. */
  readonly most: number;
}

/** What a driver makes that counts by itself. */
export interface CountingBalancer extends BalancerCore, Counts {}

export interface LoadBalancer extends BalancerCore, BalancerCapabilities {}
