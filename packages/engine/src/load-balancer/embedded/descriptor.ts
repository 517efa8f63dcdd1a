// The embedded load balancer, as the configuration and the engine know it.

import { join } from 'node:path';
import type { z } from 'zod';
import { ownProgram } from '../../lib/own-files.ts';
import type { CountingBalancer } from '../capabilities.ts';
import type { BalancerDriver } from '../driver.ts';
import { mostInstances } from '../instances/checks.ts';
import { createEmbeddedBalancer } from './driver.ts';
import { bucketHeader } from './spec-file.ts';

const proxyEntry = ownProgram(import.meta.url, '../../../../../apps/proxy/src/main.ts', 'proxy');

export const embedded: BalancerDriver<z.ZodType, unknown, CountingBalancer> = {
  name: 'embedded',
  summary: 'a process of our own that needs nothing else',
  weights: { bucketHeader },
  sticky: { by: ['cookie', 'header', 'address'] },
  counts: (balancer) => balancer,
  admission: { most: mostInstances },
  preview: { by: ['header', 'cookie', 'host'] },
  drain: { closes: 'one by one' },
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
