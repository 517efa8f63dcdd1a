// What an engine is composed of. Apart from the list of those that there are, so that what is composed of others does not
// depend on them.

import type { Drivers } from '../config/drivers.ts';
import type { DatabaseDriver } from '../migrator/driver.ts';

export interface EngineDrivers extends Drivers {
  readonly databases: readonly [DatabaseDriver, ...DatabaseDriver[]];
}
