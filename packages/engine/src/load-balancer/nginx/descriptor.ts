// nginx, as the configuration and the engine know it.

import { join } from 'node:path';
import type { CountingBalancer } from '../capabilities.ts';
import type { BalancerDriver } from '../driver.ts';
import { checkNginx, nginxKeys, nginxListens, resolveNginx } from './config.ts';
import { createNginxBalancer } from './driver.ts';
import { maxWithAllWays } from './health/marks.ts';
import type { NginxSettings } from './settings.ts';
import { bucketHeader } from './site.ts';

export const nginx: BalancerDriver<typeof nginxKeys, NginxSettings, CountingBalancer> = {
  name: 'nginx',
  summary: 'a program of its own',
  // No `drain`: it cannot close single connections.
  weights: { bucketHeader },
  sticky: { by: ['cookie', 'header', 'address'] },
  counts: (balancer) => balancer,
  admission: { most: maxWithAllWays },
  preview: { by: ['header', 'cookie', 'host'] },
  keys: nginxKeys,
  check: checkNginx,
  listens: nginxListens,
  resolve: resolveNginx,
  create: ({ stateFolder, ...parts }) => createNginxBalancer({ ...parts, folder: join(stateFolder, 'nginx') }),
};
