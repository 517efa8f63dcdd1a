// How a side is asked whether it works: defaults filled in, paths absolute.

export interface HealthSettings {
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
    readonly environment: string | undefined;
    readonly version: string | undefined;
    readonly databaseConnected: string | undefined;
  };
}
