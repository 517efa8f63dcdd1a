// Plain processes of this machine, as the configuration and the engine know them.

import type { EnvironmentDriver } from '../driver.ts';
import { createProcessEnvironment } from './driver.ts';
import { runningInstances } from './started.ts';

export const processes: EnvironmentDriver = {
  name: 'process',
  summary: 'processes of this machine',
  can: { adopt: true, accounts: true, quota: true },
  create: ({ stateFolder, clock, log }) => createProcessEnvironment({ stateFolder, clock, log }),
  running: runningInstances,
};
