// What the folder of a database exports: all that the configuration and the engine know of it. The list of drivers is
// compose/drivers.ts.

import type { DatabaseSettings } from '../config/database/settings.ts';
import type { DatabaseKeys } from '../config/drivers.ts';
import type { Clock } from '../lib/clock.ts';
import type { EvidenceParts } from './assess.ts';
import type { MigratorParts } from './create-migrator.ts';
import type { RunLimits } from './database.ts';
import type { Dialect } from './dialect.ts';

export interface DatabaseDriver<Own = unknown> extends DatabaseKeys {
  readonly dialect: Dialect;
  /** Connects to nothing. `settings` holds its own keys too, as they are in the file. */
  create(parts: DatabaseParts<Own>): DatabaseConnections;
}

export interface DatabaseParts<Own = unknown> {
  readonly settings: DatabaseSettings & Own;
  /** An address with its variables: only when it is needed, since it holds secrets. @throws MigrationError */
  readonly filledIn: (url: string) => string;
  readonly limits: RunLimits;
  readonly clock: Clock;
}

export type DatabaseConnections = Pick<MigratorParts, 'connect' | 'identity'> &
  Pick<EvidenceParts, 'readUse' | 'scratch'>;
