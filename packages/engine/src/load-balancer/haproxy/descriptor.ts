// HAProxy, as the configuration and the engine know it.

import { join } from 'node:path';
import type { BalancerDriver } from '../driver.ts';
import { checkHaproxy, haproxyKeys, haproxyListens, resolveHaproxy } from './config.ts';
import { createHaproxyBalancer } from './driver.ts';
import type { HaproxySettings } from './options.ts';

export const haproxy: BalancerDriver<typeof haproxyKeys, HaproxySettings> = {
  name: 'haproxy',
  summary: 'a program of its own',
  can: { weights: true, sticky: true, counts: true, preview: true, fence: true, drain: true },
  keys: haproxyKeys,
  check: checkHaproxy,
  listens: haproxyListens,
  resolve: resolveHaproxy,
  create: ({ stateFolder, ...parts }) =>
    createHaproxyBalancer({ ...parts, folder: join(stateFolder, 'haproxy'), node: process.execPath }),
};
