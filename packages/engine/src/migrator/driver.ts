// What the folder of a database exports: all that the configuration and the engine know of it. The list of drivers is
// compose/drivers.ts.

import type { DatabaseSettings } from '../config/database/settings.ts';
import type { DatabaseKeys } from '../config/drivers.ts';
import type { DeclaredNeeds } from '../config/release-manifest/release-manifest.ts';
import type { AccountName } from '../lib/accounts.ts';
import type { Clock } from '../lib/clock.ts';
import type { EvidenceParts } from './assess.ts';
import { createMigrator, type MigratorParts } from './create-migrator.ts';
import type { RunLimits } from './database.ts';
import type { Dialect } from './dialect.ts';
import type { Migrator } from './migrator.ts';

export interface DatabaseDriver<Own = unknown> extends DatabaseKeys {
  /** Connects to nothing. */
  create(parts: DatabaseParts<Own>): Migrator;
}

export interface DatabaseParts<Own = unknown> {
  /** With its own keys too, as they are in the file. */
  readonly settings: DatabaseSettings & Own;
  /** The address of `settings` as it is now, with its secrets. @throws MigrationError */
  readonly address: () => string;
  /** An address with its variables: only when it is needed, since it holds secrets. @throws MigrationError */
  readonly filledIn: (url: string) => string;
  readonly limits: RunLimits;
  /** How long another migrator is waited for. */
  readonly lockWaitMs: number;
  /** @throws BlueGreenError `release-invalid` */
  readonly manifestOf: (releaseFolder: string) => DeclaredNeeds | undefined;
  /** Of smoke commands. Nothing of the service's own: an address of production in it would be used. */
  readonly smokeEnv: Readonly<Record<string, string>>;
  /** The account that runs smoke commands. Undefined: the account of the engine. */
  readonly smokeAccount?: AccountName | undefined;
  readonly clock: Clock;
}

/** A database that runs migrations written in SQL, by the phases that all of them share. */
export interface SqlDriver<Own = unknown> extends DatabaseDriver<Own>, SqlParts<Own> {}

interface SqlParts<Own> extends DatabaseKeys {
  readonly dialect: Dialect;
  /** Connects to nothing. */
  connections(parts: DatabaseParts<Own>): DatabaseConnections;
}

type DatabaseConnections = Pick<MigratorParts, 'connect' | 'identity'> & Pick<EvidenceParts, 'readUse' | 'scratch'>;

export function sqlDriver<Own = unknown>(sql: SqlParts<Own>): SqlDriver<Own> {
  return {
    ...sql,
    create: (parts) => {
      const { table, migrations, sharedTables, onlineTools, beforeContract } = parts.settings;
      const ofSettings = { table, folder: migrations, sharedTables, onlineTools, beforeContract };
      return createMigrator({ ...parts, ...ofSettings, dialect: sql.dialect, ...sql.connections(parts) });
    },
  };
}
