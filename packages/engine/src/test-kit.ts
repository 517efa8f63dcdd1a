// What every test of this repository waits with and listens on; it drags in nothing of the engine.

export { freePort, freePorts } from './lib/testing/ports.ts';
export { until } from './lib/testing/until.ts';
