// What the driver and the proxy's process exchange: the spec file, and JSON over the control socket.

import type { Fence, Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import type { Admitted, BalancerSpec } from '../load-balancer.ts';

/** The spec file: its path is the proxy's only argument. Holds secrets: mode 0600. */
export interface ProxySpec extends BalancerSpec {
  /** sha256 of the rest: shows the driver whether a running proxy serves the spec it wants. */
  readonly digest: string;
  /** Absolute path of the control socket, under 108 bytes. */
  readonly socket: string;
  /** Absolute path of the file that stores routing and fence across restarts. */
  readonly routingFile: string;
  /** Absolute path of a file with one line per request; undefined: none is written. */
  readonly accessLog?: string | undefined;
  readonly probe: ProbeHeaders;
  /** The longest silence of a user who owes a body or takes none of the answer; 30 s unless said. */
  readonly userIdleMs?: number | undefined;
}

/** `POST /targets` on the socket of the process that serves several: what it needs of a further one, absolute paths. */
export interface ProxyTargetFiles {
  readonly spec: string;
  /** Of the one target whose log is the process's own output: undefined. */
  readonly log: string | undefined;
}

/**
 * `<host socket>.json`: what the process serves. The process writes the file itself, so that it serves the same when it
 * was killed and is started with the argument `again`.
 */
export interface ProxyTargetsFile {
  readonly targets: readonly { readonly spec: string; readonly log?: string | undefined }[];
}

/** Answer of `GET /targets` and `POST /targets`. */
export interface ProxyHostStatus {
  readonly pid: number;
  /** Spec files of the targets, those that are ending among them. */
  readonly specs: readonly string[];
}

/** How a probe says that it is one: it is not counted, and its answer carries `x-served-by`. */
export interface ProbeHeaders {
  readonly header: string;
  /** Known to the engine and the proxy only. */
  readonly nonce: string;
  /** In addition to the nonce: `0`…`9999` decides the side as for a user of that bucket. */
  readonly bucketHeader: string;
}

/** What the proxy stores in its routing file, and what `PUT /routing` carries. */
export interface RoutingOrder {
  readonly routing: Routing;
  readonly fence: Fence;
}

/** Answer of `GET /routing`, `PUT /routing` and `PUT /spec`. */
export interface ProxyStatus {
  /** Undefined when the routing file could not be read: every user gets 503 until a routing is put in place. */
  readonly routing: Routing | undefined;
  /** Highest seen. */
  readonly fence: Fence;
  readonly pid: number;
  /** Epoch ms. Counts begin here. */
  readonly startedAt: number;
  readonly digest: string;
  /** As in the spec that it follows. */
  readonly admitted?: Admitted | undefined;
  readonly problem?: string;
}

/** Answer of any refused or failed control request. */
export interface ProxyRefusal {
  readonly error: 'stale-generation' | 'fenced-out' | 'not-persisted' | 'port-in-use' | 'invalid' | 'not-found';
  readonly message: string;
}

/** Answer of `GET /connections`. */
export interface ProxyConnections {
  /** Exchanges in flight per side, upgraded connections and streams included. */
  readonly open: Readonly<Record<SlotName, number>>;
  /** Connections of users, idle ones included. */
  readonly clients: number;
}
