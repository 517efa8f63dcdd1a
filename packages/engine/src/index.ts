// The door of the engine: named exports only. Apps import from here and from nowhere else in this package.

export type { SlotName } from './environment/environment.ts';
export type {
  ProbeHeaders,
  ProxyConnections,
  ProxyRefusal,
  ProxySpec,
  ProxyStatus,
  RoutingOrder,
} from './load-balancer/embedded/proxy-spec.ts';
export type { BalancerSpec, Fence, Routing, SideCounts, Traffic } from './load-balancer/load-balancer.ts';
