// How a load balancer asks the instances of a side: as far as a balancer can follow the rule that the engine judges by.

import type { HealthSettings } from '../config/health/settings.ts';
import type { InstanceChecks } from '../load-balancer/instances/checks.ts';

/** By the configured rule, not by the one that an instance was started with: that would change at a deployment. */
export function instanceChecks({ type, scheme, path, headers, statuses, ...rule }: HealthSettings): InstanceChecks {
  const { intervalMs, timeoutMs, failures, successes } = rule;
  const timing = { intervalMs, timeoutMs, failures, successes };
  // A balancer reads no JSON, runs no command and speaks no gRPC: what accepts a connection is healthy for it then.
  return type === 'http' && scheme === 'http'
    ? { path, headers, statuses, ...timing }
    : { path: undefined, headers: {}, statuses: [], ...timing };
}
