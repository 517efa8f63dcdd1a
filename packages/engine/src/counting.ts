// The second door of the engine, pure and small: for a balancer's own process, which counts requests and applies the
// rules that all drivers share, and needs nothing else of the engine.

export { bucketOfName, bucketsInAll, bucketTokens } from './load-balancer/buckets.ts';
export { type Counters, createCounters, type Ending } from './load-balancer/counting/counters.ts';
export {
  endToEndHeaders,
  forwardedHeaders,
  headerAsServicesReadIt,
  hopByHopHeaders,
  previewReferrerPolicy,
  withoutPreviewToken,
} from './load-balancer/header-rules.ts';
export {
  checksOf,
  hasSeveral,
  idempotentMethods,
  instanceCookie,
  instanceHeader,
  instanceName,
  servedInstanceHeader,
} from './load-balancer/instances/checks.ts';
export { type InstanceWatch, watchInstances } from './load-balancer/instances/watch.ts';
