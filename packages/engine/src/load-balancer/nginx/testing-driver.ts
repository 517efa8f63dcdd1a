// A driver in a separate process, for tests that stop it at a chosen system call and wake it later. Reads one JSON
// object from its first argument; stops itself with SIGSTOP before the named call, and prints how it ended.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Fence, Routing } from '../../domain/routing.ts';
import type { NginxOptions } from './parts.ts';

interface Order {
  readonly options: Omit<NginxOptions, 'clock' | 'log'>;
  readonly routing: Routing;
  readonly fence: Fence;
  /** `renameSync:1` stops before the first call of it, once the driver has been made. */
  readonly stopBefore: string;
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const [name = '', nth = '1'] = order.stopBefore.split(':');
let calls = 0;
let armed = false;
const calling = fs as unknown as Record<string, (...given: unknown[]) => unknown>;
const original = calling[name];
if (original === undefined) throw new Error(`node:fs has no ${name}`);
calling[name] = (...given) => {
  if (armed && ++calls === Number(nth)) process.kill(process.pid, 'SIGSTOP');
  return original(...given);
};
syncBuiltinESMExports();

const { createNginxBalancer } = await import('./driver.ts');
const { systemClock } = await import('../../lib/clock.ts');
const { silentLog } = await import('../../lib/log.ts');
const balancer = createNginxBalancer({ ...order.options, clock: systemClock, log: silentLog });
armed = true;
try {
  await balancer.apply(order.routing, order.fence);
  process.stdout.write('applied\n');
} catch (thrown) {
  process.stdout.write(`${(thrown as { code?: string }).code}: ${(thrown as Error).message}\n`);
}
