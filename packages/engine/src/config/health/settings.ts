// How the health of a side is checked: defaults filled in, paths absolute.

import type { AccountName } from '../../lib/accounts.ts';

export interface HealthSettings {
  readonly type: 'http' | 'grpc' | 'tcp' | 'command';
  /** Asked for by a check of gRPC; '' is the server as a whole. */
  readonly grpcService: string;
  /** Of a check by command. `account`: that of the slot, which is filled in where a slot is asked. */
  readonly command:
    | {
        readonly argv: readonly [string, ...string[]];
        readonly cwd: string;
        readonly account?: AccountName | undefined;
      }
    | undefined;
  /** Whether a new side may be given users while it is degraded. */
  readonly acceptDegraded: boolean;
  readonly path: string;
  /** Of the slot's own port. Through the load balancer, the scheme is that of the balancer. */
  readonly scheme: 'http' | 'https';
  /** `ca` is an absolute path. */
  readonly tls: { readonly ca: string | undefined; readonly insecure: boolean };
  /** Sent with every check; `Host` too. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ranges, both ends included. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row that make `unhealthy`. */
  readonly failures: number;
  /** Successes in a row that a new side must show before smoke tests. */
  readonly successes: number;
  /** Limit for a new side to become healthy. */
  readonly startupMs: number;
  /**
   * `fields`: the answer's JSON is checked. `status-code`: 2xx is enough, shown as weaker proof.
   * A mapping names, per field, a dotted path into the service's own JSON; a field that is left out is not checked.
   */
  readonly check: 'fields' | 'status-code';
  readonly fields: {
    readonly status: string | undefined;
    /** Values of the status field that mean healthy. */
    readonly okValues: readonly string[];
    /** Values that mean degraded. Undefined in what an earlier version recorded. */
    readonly degradedValues?: readonly string[];
    readonly environment: string | undefined;
    readonly version: string | undefined;
    readonly databaseConnected: string | undefined;
    /** Undefined in what an earlier version recorded. */
    readonly dependencies?: readonly HealthDependency[];
  };
}

/** Something that the service needs and reports in its answer. */
export interface HealthDependency {
  readonly name: string;
  readonly path: string;
  /** Without one that is required a side is unhealthy, without another degraded. */
  readonly required: boolean;
}
