// A load balancer that follows the instances: it is built again, from the same folder, when one of them answers at another
// address, or when their number changes. Built again is the driver here, not what serves users: that one is asked to follow by `ensure`.

import { isDeepStrictEqual } from 'node:util';
import type { LoadBalancer } from '../load-balancer/capabilities.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';

type Followed = Pick<BalancerSpec, 'upstreams' | 'admitted'>;

/** Only `ensure` and `admit` change what serves users; everything else asks the driver of the present addresses. */
export function followInstances(followed: () => Followed, create: (now: Followed) => LoadBalancer): LoadBalancer {
  const first = followed();
  let built = { now: first, balancer: create(first) };
  const { accessLogs, entrypoints, instanceHeader, probeHeaders, counts } = built.balancer;
  const { weights, sticky, preview, drain, admission } = built.balancer;
  const present = (): LoadBalancer => {
    const now = followed();
    if (!isDeepStrictEqual(now, built.now)) built = { now, balancer: create(now) };
    return built.balancer;
  };
  return {
    entrypoints,
    probeHeaders,
    ...(instanceHeader === undefined ? {} : { instanceHeader }),
    ...{ weights, sticky, preview, drain, admission },
    counts: counts && {
      traffic: (sinceMs) => (present().counts ?? counts).traffic(sinceMs),
      failures: (slot, sinceMs) => (present().counts ?? counts).failures(slot, sinceMs),
      ...(counts.instances
        ? { instances: async () => (await present().counts?.instances?.()) ?? { blue: [], green: [] } }
        : {}),
    },
    ...(accessLogs ? { accessLogs } : {}),
    ensure: () => present().ensure(),
    ...(built.balancer.admit ? { admit: async () => present().admit?.() } : {}),
    apply: (routing, fence, options) => present().apply(routing, fence, options),
    observe: () => present().observe(),
    ...(built.balancer.configuration ? { configuration: () => present().configuration?.() ?? [] } : {}),
    ...(built.balancer.testConfiguration ? { testConfiguration: async () => present().testConfiguration?.() } : {}),
    shutdown: () => present().shutdown(),
  };
}
