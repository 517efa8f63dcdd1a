// The one list of drivers: configuration and engine fold over it. A new driver is a folder and a word here.

import type { Drivers } from '../config/drivers.ts';
import { processes } from '../environment/process/descriptor.ts';
import { embedded } from '../load-balancer/embedded/descriptor.ts';
import { haproxy } from '../load-balancer/haproxy/descriptor.ts';
import { nginx } from '../load-balancer/nginx/descriptor.ts';
import type { DatabaseDriver } from '../migrator/driver.ts';
import { mariadb } from '../migrator/mariadb/descriptor.ts';
import { postgres } from '../migrator/postgres/descriptor.ts';
import { sqlite } from '../migrator/sqlite/descriptor.ts';

export interface EngineDrivers extends Drivers {
  readonly databases: readonly [DatabaseDriver, ...DatabaseDriver[]];
}

export const drivers: EngineDrivers = {
  balancers: [embedded, haproxy, nginx],
  environments: [processes],
  databases: [postgres, mariadb, sqlite],
};
