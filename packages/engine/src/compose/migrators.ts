// The second page of the composition root: a target's database from its configuration. Nothing is connected here.

import type { DatabaseSettings } from '../config/database/database.ts';
import type { TargetSettings } from '../config/settings.ts';
import { readEnvFiles, substituteAll } from '../environment/env-files.ts';
import type { Clock } from '../lib/clock.ts';
import { addressOf, sqliteFile } from '../migrator/address.ts';
import { createMigrator, type MigratorParts } from '../migrator/create-migrator.ts';
import type { RunLimits } from '../migrator/database.ts';
import { mariadbDialect } from '../migrator/mariadb/dialect.ts';
import { identityOf as mariadbIdentity } from '../migrator/mariadb/identity.ts';
import { openMariadb } from '../migrator/mariadb/open.ts';
import type { Migrator } from '../migrator/migrator.ts';
import { noMigrator } from '../migrator/none.ts';
import { postgresDialect } from '../migrator/postgres/dialect.ts';
import { identityOf as postgresIdentity } from '../migrator/postgres/identity.ts';
import { openPostgres } from '../migrator/postgres/open.ts';
import { sqliteDialect } from '../migrator/sqlite/dialect.ts';
import { identityOf as sqliteIdentity } from '../migrator/sqlite/identity.ts';
import { openSqlite } from '../migrator/sqlite/open.ts';
import { evidenceOf } from './evidence.ts';

/** Another migrator is at work for as long as one of its steps takes. */
const lockWaitMs = 60_000;
const mostTries = 1_000;
const longestRecordMs = 60_000;

export function createTargetMigrator(target: TargetSettings, clock: Clock): Migrator {
  const { database } = target;
  if (!database) return noMigrator;
  const { lockTimeoutMs, lockTotalMs, statementTimeoutMs, migrations, sharedTables } = database;
  const limits: RunLimits = { lockTimeoutMs, lockTries: mostTries, lockTotalMs, statementTimeoutMs };
  const filledIn = (url: string): string =>
    addressOf(url, { blue: slotVariables(target, 'blue'), green: slotVariables(target, 'green') });
  const parts = {
    address: () => filledIn(database.url),
    table: database.table,
    filledIn,
    folder: migrations,
    limits,
    lockWaitMs,
    sharedTables,
    beforeContract: database.beforeContract,
    clock,
  };
  return createMigrator({
    ...parts,
    ...driverOf(database, limits, clock),
    ...evidenceOf(database, filledIn, clock, target.slots.blue.account ?? target.slots.green.account),
  });
}

/** What both slots' services are told of their database: the same files and variables, in the same order. */
function slotVariables({ env, slots }: TargetSettings, slot: 'blue' | 'green'): Readonly<Record<string, string>> {
  const fromFiles = readEnvFiles(slots[slot].envFiles);
  const builtIn = { ENVIRONMENT_COLOR: slot, APPLICATION_PORT: String(slots[slot].port) };
  return { ...fromFiles, ...substituteAll(env, { ...fromFiles, ...builtIn }).values };
}

function driverOf(
  { driver, table }: DatabaseSettings,
  limits: RunLimits,
  clock: Clock,
): Pick<MigratorParts, 'dialect' | 'connect' | 'identity'> {
  switch (driver) {
    case 'sqlite':
      return {
        dialect: sqliteDialect,
        identity: async (address) => sqliteIdentity(sqliteFile(address)),
        connect: (address, onStatement) =>
          openSqlite({
            onStatement,
            file: sqliteFile(address),
            table,
            clock,
            split: (text) => sqliteDialect.split(text),
            // The record is in the same file, behind the same lock as everything else.
            ownLimits: { ...limits, lockTotalMs: Math.min(limits.lockTotalMs, longestRecordMs) },
          }),
      };
    case 'mariadb':
      return {
        dialect: mariadbDialect,
        identity: mariadbIdentity,
        connect: (url, onStatement) => openMariadb({ url, table, clock, onStatement }),
      };
    case 'postgres':
      return {
        dialect: postgresDialect,
        identity: postgresIdentity,
        connect: (url, onStatement) => openPostgres({ url, table, clock, onStatement }),
      };
    default:
      return driver satisfies never;
  }
}
