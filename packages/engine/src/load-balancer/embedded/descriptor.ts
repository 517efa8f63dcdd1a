// The embedded load balancer, as the configuration and the engine know it.

import { join, resolve } from 'node:path';
import type { BalancerDriver } from '../driver.ts';
import { createEmbeddedBalancer } from './driver.ts';

const proxyEntry = resolve(import.meta.dirname, '../../../../../apps/proxy/src/main.ts');

export const embedded: BalancerDriver = {
  name: 'embedded',
  summary: 'a process of our own that needs nothing else',
  can: { weights: true, sticky: true, counts: true, preview: true, fence: true, drain: true },
  create: ({ stateFolder, spec, accessLog, clock, log }) =>
    createEmbeddedBalancer({
      spec,
      folder: join(stateFolder, 'proxy'),
      node: process.execPath,
      proxyEntry,
      accessLog,
      clock,
      log,
    }),
};
