// Containers of Docker, as the configuration and the engine know them.

import { silentLog } from '../../lib/log.ts';
import type { EnvironmentDriver } from '../driver.ts';
import { mostInstances } from '../instances.ts';
import { localPortsOf } from '../local-ports.ts';
import { checkDocker } from './check.ts';
import { dockerKeys, dockerSecrets, resolveDocker } from './config.ts';
import { createDockerEnvironment } from './driver.ts';
import { runningInstances } from './record.ts';
import type { DockerSettings } from './settings.ts';

export const docker: EnvironmentDriver<typeof dockerKeys, DockerSettings> = {
  name: 'docker',
  summary: 'containers of Docker Engine',
  quota: { limits: ['memory', 'cpu', 'pids'] },
  instances: { most: mostInstances },
  ownCommand: true,
  keys: dockerKeys,
  check: checkDocker,
  resolve: resolveDocker,
  secrets: dockerSecrets,
  create: createDockerEnvironment,
  running: (stateFolder) => runningInstances({ stateFolder, log: silentLog }),
  addressesOf: localPortsOf,
};
