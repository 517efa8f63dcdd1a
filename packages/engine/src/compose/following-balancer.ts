// A load balancer that follows the instances: it is built again, from the same folder, when one of them answers at another
// address. Built again is the driver here, not what serves users: that one is asked to follow by `ensure`.

import { isDeepStrictEqual } from 'node:util';
import type { LoadBalancer } from '../load-balancer/capabilities.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';

/** Only `ensure` changes what serves users; everything else asks the driver of the present addresses. */
export function followInstances(upstreams: () => BalancerSpec['upstreams'], create: () => LoadBalancer): LoadBalancer {
  let built = { upstreams: upstreams(), balancer: create() };
  const { accessLogs, entrypoints, instanceHeader, probeHeaders, weights, sticky, preview, drain, counts } =
    built.balancer;
  const present = (): LoadBalancer => {
    const now = upstreams();
    if (!isDeepStrictEqual(now, built.upstreams)) built = { upstreams: now, balancer: create() };
    return built.balancer;
  };
  return {
    entrypoints,
    probeHeaders,
    ...(instanceHeader === undefined ? {} : { instanceHeader }),
    ...{ weights, sticky, preview, drain },
    counts: counts && {
      traffic: (sinceMs) => (present().counts ?? counts).traffic(sinceMs),
      failures: (slot, sinceMs) => (present().counts ?? counts).failures(slot, sinceMs),
    },
    ...(accessLogs ? { accessLogs } : {}),
    ensure: () => present().ensure(),
    apply: (routing, fence, options) => present().apply(routing, fence, options),
    observe: () => present().observe(),
    ...(built.balancer.configuration ? { configuration: () => present().configuration?.() ?? [] } : {}),
    ...(built.balancer.testConfiguration ? { testConfiguration: async () => present().testConfiguration?.() } : {}),
    shutdown: () => present().shutdown(),
  };
}
