// What every load balancer does for one target; what only some do is in capabilities.ts. One folder per driver; each signs
// load-balancer.contract.ts.

import type { Fence, ObservedNode, Routing } from '../domain/routing.ts';
import type { Endpoint, SlotName } from '../domain/target.ts';
import type { InstanceChecks } from './instances/checks.ts';

/** What the balancer is built from; changes here are structural. */
export interface BalancerSpec {
  readonly service: string;
  readonly target: string;
  /** Where users connect. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The instances of each side, in their order: the first is instance 1. Users are balanced over them. */
  readonly upstreams: Readonly<Record<SlotName, readonly [Endpoint, ...Endpoint[]]>>;
  /**
   * So many of each side's instances, the first ones, may get requests; the others are left out, whatever their health.
   * No structure: it is followed without a reload. Undefined: all, and nothing is ever left out.
   */
  readonly admitted?: Admitted | undefined;
  /** How each instance is asked whether it may get users. Read only where a side has several. */
  readonly checks?: InstanceChecks | undefined;
  readonly sticky: StickyRule;
  readonly preview: PreviewRoute | undefined;
  /** Named users go to the new side (the canary's, else the preview's) before any share is given; counted like all others. */
  readonly allow: AllowList | undefined;
  /** A request without an answer's head for this long gets 504. */
  readonly requestTimeoutMs: number;
  /**
   * WebSockets and streams left on a side that gets no users any more are closed one by one over this time, so that they
   * do not all come back at once; 0 leaves them until the side is stopped.
   */
  readonly drainSpreadMs: number;
  /** Addresses and networks (`10.0.0.0/8`) whose forwarded headers are believed; those of all others are replaced. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** The most that the head of a request or of an answer may have. */
  readonly maxHeaderBytes?: number | undefined;
  /** The balancer answers this path itself: 200 while a side is active, 503 otherwise. Counted nowhere. */
  readonly healthPath?: string | undefined;
}

/** At least 1 of each side. */
export type Admitted = Readonly<Record<SlotName, number>>;

/** How a user is recognised, so that no user changes sides. */
export interface StickyRule {
  readonly by: 'cookie' | 'header' | 'address';
  readonly name: string;
  /** Whether a user returns to the same instance too, by a cookie of its own, for as long as it is healthy. */
  readonly instance?: boolean | undefined;
}

/** How a tester asks for the new side. The token never reaches the service, and such answers are never cached. */
export interface PreviewRoute {
  readonly header: string;
  readonly cookie: string;
  readonly token: string;
  /** `preview.example.com`: a request to `<token>.preview.example.com` is for the preview too, and reaches it as `preview.example.com`. */
  readonly host?: string | undefined;
}

export interface AllowList {
  readonly by: 'header' | 'cookie';
  readonly name: string;
  readonly values: readonly string[];
}

/**
 * What a change is for. `forward`: more users for the new side; one node that does not follow sends all back. `back`: an
 * abort or rollback; never waits for a dead node, goes on with the others and keeps trying it for a while.
 */
export interface ApplyOptions {
  readonly direction: 'forward' | 'back';
}

/** A file that was generated for the balancer's own program, as it should be. */
export interface GeneratedFile {
  readonly path: string;
  /** Without its secrets. */
  readonly text: string;
  /** `differs`: not written yet, from an earlier configuration, or changed by hand. */
  readonly onDisk: 'same' | 'differs' | 'missing';
}

export interface BalancerCore {
  /** Addresses of every node for probes, `http://host:port` each. */
  readonly entrypoints: readonly string[];
  /**
   * Sent with every probe: it is then counted nowhere, and the answer's `x-served-by` names the side. Where a
   * side has several instances, `x-served-instance` names the one that answered, and `instanceHeader` asks for one.
   * Holds a secret.
   */
  readonly probeHeaders: Readonly<Record<string, string>>;
  /** Sent with `probeHeaders`: this header's value `1`, `2`, … names the instance of the side that must answer. */
  readonly instanceHeader?: string;
  /** Absolute paths of the files with one line per request, with its id; each may have a `.1` next to it. */
  readonly accessLogs?: readonly string[];
  /** Starts the balancer with this spec and its last routing; harmless to repeat. Restarts a managed one that died. */
  ensure(): Promise<void>;
  /**
   * Leaves out what `admitted` of the spec leaves out, on every node that answers, and resolves when each was seen to do
   * so. Harmless to repeat; cuts nothing. `ensure` does it too. Undefined: it cannot.
   * @throws `balancer-unreachable` when no node answers, `balancer-unsettled`
   */
  admit?(): Promise<void>;
  /**
   * Puts the routing in place on every node and resolves only when each was seen to follow. Repeating the same routing
   * is harmless. The direction is `forward` unless said. A write under a lower fence than the last one is refused, also
   * after a crash.
   * @throws `balancer-stale-generation`, `fenced-out`, `balancer-unreachable`, `balancer-unsettled`
   */
  apply(routing: Routing, fence: Fence, options?: ApplyOptions): Promise<void>;
  /** One row for each of `entrypoints`, in their order. Never throws for a dead node: says so in its row. */
  observe(): Promise<readonly ObservedNode[]>;
  /** What is generated for the program; nothing where a driver needs no text. Changes nothing. */
  configuration?(): readonly GeneratedFile[];
  /**
   * Asks the program itself whether it would take the configuration, without putting it in force.
   * @throws `config-refused`, `balancer-refused`, `exec-not-found`
   */
  testConfiguration?(): Promise<void>;
  /** Ends a managed balancer. For the end of a demonstration, never part of a deployment. */
  shutdown(): Promise<void>;
}
