// The second door of the engine, pure and small: for processes that count requests and need nothing else of it.

export { type Counters, createCounters, type Ending } from './load-balancer/counting/counters.ts';
