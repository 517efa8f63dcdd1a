// HAProxy, as the configuration and the engine know it.

import { join } from 'node:path';
import type { CountingBalancer } from '../capabilities.ts';
import type { BalancerDriver } from '../driver.ts';
import { mostInstances } from '../instances/checks.ts';
import { checkHaproxy, haproxyKeys, haproxyListens, resolveHaproxy } from './config.ts';
import { createHaproxyBalancer } from './driver.ts';
import type { HaproxySettings } from './options.ts';
import { bucketHeader } from './site.ts';

export const haproxy: BalancerDriver<typeof haproxyKeys, HaproxySettings, CountingBalancer> = {
  name: 'haproxy',
  summary: 'a program of its own',
  weights: { bucketHeader },
  sticky: { by: ['cookie', 'header', 'address'] },
  counts: (balancer) => balancer,
  admission: { most: mostInstances },
  preview: { by: ['header', 'cookie', 'host'] },
  drain: { closes: 'one by one' },
  keys: haproxyKeys,
  check: checkHaproxy,
  listens: haproxyListens,
  resolve: resolveHaproxy,
  create: ({ stateFolder, ...parts }) =>
    createHaproxyBalancer({ ...parts, folder: join(stateFolder, 'haproxy'), node: process.execPath }),
};
