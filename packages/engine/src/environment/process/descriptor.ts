// Plain processes of this machine, as the configuration and the engine know them.

import type { EnvironmentDriver } from '../driver.ts';
import { mostInstances } from '../instances.ts';
import { localPortsOf } from '../local-ports.ts';
import { createProcessEnvironment } from './driver.ts';
import { runningInstances } from './started.ts';

export const processes: EnvironmentDriver = {
  name: 'process',
  summary: 'processes of this machine',
  accounts: { keys: ['user', 'group'] },
  quota: { limits: ['memory', 'cpu', 'pids'] },
  instances: { most: mostInstances },
  processRoles: { mostInstances },
  create: ({ stateFolder, clock, log }) => createProcessEnvironment({ stateFolder, clock, log }),
  running: runningInstances,
  addressesOf: localPortsOf,
};
