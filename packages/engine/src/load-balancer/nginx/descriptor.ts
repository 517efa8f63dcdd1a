// nginx, as the configuration and the engine know it.

import { join } from 'node:path';
import type { BalancerDriver } from '../driver.ts';
import { checkNginx, nginxKeys, nginxListens, resolveNginx } from './config.ts';
import { createNginxBalancer } from './driver.ts';
import type { NginxSettings } from './settings.ts';

export const nginx: BalancerDriver<typeof nginxKeys, NginxSettings> = {
  name: 'nginx',
  summary: 'a program of its own',
  // It cannot close single connections.
  can: { weights: true, sticky: true, counts: true, preview: true, fence: true, drain: false },
  keys: nginxKeys,
  check: checkNginx,
  listens: nginxListens,
  resolve: resolveNginx,
  create: ({ stateFolder, ...parts }) => createNginxBalancer({ ...parts, folder: join(stateFolder, 'nginx') }),
};
