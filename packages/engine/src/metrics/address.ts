// Where `/metrics` is served, from the environment of a process: METRICS_PORT and METRICS_HOST.

export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

interface Read {
  /** Undefined where METRICS_PORT is not set: nothing is served. */
  readonly address: MetricsAddress | undefined;
  readonly problems: readonly string[];
}

/** On loopback unless METRICS_HOST names another address: all who can reach it may read the figures. */
export function readMetricsAddress(variables: Readonly<Record<string, string | undefined>>): Read {
  const given = variables.METRICS_PORT?.trim();
  if (given === undefined || given === '') return { address: undefined, problems: [] };
  const port = Number(given);
  if (!/^\d+$/.test(given) || port > 65_535)
    return { address: undefined, problems: ['METRICS_PORT is not a port: expected a number from 0 to 65535'] };
  return { address: { host: variables.METRICS_HOST?.trim() || '127.0.0.1', port }, problems: [] };
}
