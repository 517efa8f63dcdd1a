// The options from the environment, all checked at once: every problem in one error, and never a secret in it.

import { isNetwork, type MetricsAddress, readMetricsAddress } from '@bg/engine';
import { type Environment, type HookSecrets, readSecrets } from './secrets-options.ts';

export interface ReceiverOptions {
  readonly host: string;
  readonly port: number;
  readonly config: string;
  readonly logLevel: string;
  readonly secrets: HookSecrets;
  /** Addresses and networks whose X-Forwarded-For is trusted; none by default. */
  readonly trustedProxies: readonly string[];
  /** Where `/metrics` is served; undefined: nowhere. */
  readonly metrics: MetricsAddress | undefined;
}

export function readOptions(environment: Environment): ReceiverOptions | { readonly problems: readonly string[] } {
  const read = readSecrets(environment);
  const port = Number(environment.PORT || 3001);
  const trustedProxies = (environment.TRUSTED_PROXIES ?? '')
    .split(',')
    .map((proxy) => proxy.trim())
    .filter((proxy) => proxy !== '');
  const metrics = readMetricsAddress(environment);
  const problems = [
    ...metrics.problems,
    ...('problems' in read ? read.problems : []),
    ...portProblems(port),
    ...trustedProxies.filter((proxy) => !isNetwork(proxy)).map(proxyProblem),
  ];
  if ('problems' in read || problems.length > 0) return { problems };
  return {
    host: environment.HOST ?? '127.0.0.1',
    port,
    config: environment.BLUEGREEN_CONFIG ?? 'bluegreen.yaml',
    logLevel: environment.LOG_LEVEL ?? 'info',
    secrets: read.secrets,
    trustedProxies,
    metrics: metrics.address,
  };
}

function portProblems(port: number): readonly string[] {
  return Number.isInteger(port) && port >= 0 && port <= 65_535
    ? []
    : ['PORT is not a port: expected a number from 0 to 65535'];
}

function proxyProblem(proxy: string): string {
  return `TRUSTED_PROXIES: ${JSON.stringify(proxy)} is no address, no network such as 10.0.0.0/8, and not "loopback"`;
}
