// The one list of drivers: configuration and engine fold over it. A new driver is a folder and a word here.

import { docker } from '../environment/docker/descriptor.ts';
import { processes } from '../environment/process/descriptor.ts';
import { cloudwatch } from '../evidence/cloudwatch/descriptor.ts';
import { command } from '../evidence/command/descriptor.ts';
import { datadog } from '../evidence/datadog/descriptor.ts';
import { http } from '../evidence/http/descriptor.ts';
import { machine } from '../evidence/machine/descriptor.ts';
import { metrics } from '../evidence/metrics/descriptor.ts';
import { prometheus } from '../evidence/prometheus/descriptor.ts';
import { embedded } from '../load-balancer/embedded/descriptor.ts';
import { haproxy } from '../load-balancer/haproxy/descriptor.ts';
import { nginx } from '../load-balancer/nginx/descriptor.ts';
import type { SqlDriver } from '../migrator/driver.ts';
import { mariadb } from '../migrator/mariadb/descriptor.ts';
import { postgres } from '../migrator/postgres/descriptor.ts';
import { sqlite } from '../migrator/sqlite/descriptor.ts';
import type { EngineDrivers } from './engine-drivers.ts';

export const drivers: EngineDrivers & { readonly databases: readonly SqlDriver[] } = {
  balancers: [embedded, haproxy, nginx],
  environments: [processes, docker],
  databases: [postgres, mariadb, sqlite],
  evidence: [prometheus, datadog, cloudwatch, metrics, machine, http, command],
};
