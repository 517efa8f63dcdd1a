// The third page of the composition root: where a target's schema is tried before production sees it. Nothing is connected
// here.

import type { DatabaseSettings } from '../config/database/database.ts';
import { readReleaseManifest } from '../config/release-manifest/release-manifest.ts';
import type { AccountName } from '../lib/accounts.ts';
import type { Clock } from '../lib/clock.ts';
import { sqliteFile } from '../migrator/address.ts';
import type { EvidenceParts } from '../migrator/assess.ts';
import { createMariadbScratch } from '../migrator/mariadb/evidence/server.ts';
import { readMariadbUse } from '../migrator/mariadb/evidence/use.ts';
import { postgresDialect } from '../migrator/postgres/dialect.ts';
import { createPostgresScratch } from '../migrator/postgres/evidence/server.ts';
import { readPostgresUse } from '../migrator/postgres/evidence/use.ts';
import { sqliteDialect } from '../migrator/sqlite/dialect.ts';
import { createSqliteScratch } from '../migrator/sqlite/evidence/server.ts';
import { readSqliteUse } from '../migrator/sqlite/evidence/use.ts';

const programs = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @param filledIn an address with its variables: only when it is needed, since it holds secrets */
export function evidenceOf(
  database: DatabaseSettings,
  filledIn: (url: string) => string,
  clock: Clock,
  smokeAccount?: AccountName,
): Omit<EvidenceParts, 'dialect'> {
  const smoke = { smokeEnv: { PATH: programs }, smokeAccount };
  return { manifestOf: readReleaseManifest, ...smoke, ...driverOf(database, filledIn, clock) };
}

function driverOf(
  { driver, table, scratch, applicationRole }: DatabaseSettings,
  filledIn: (url: string) => string,
  clock: Clock,
): Pick<EvidenceParts, 'readUse' | 'scratch'> {
  switch (driver) {
    case 'sqlite':
      return {
        readUse: readSqliteUse,
        // A copy of a file needs no server: it lies beside other temporary files.
        scratch: (address) =>
          createSqliteScratch({
            file: sqliteFile(address),
            addressOf: (copy) => address.replace(sqliteFile(address), () => copy),
            table,
            split: (text) => sqliteDialect.split(text),
            clock,
          }),
      };
    case 'mariadb':
      return {
        readUse: readMariadbUse,
        scratch: (productionUrl) =>
          scratch === undefined
            ? undefined
            : createMariadbScratch({
                scratchUrl: filledIn(scratch),
                productionUrl,
                allowSameServer: false,
                table,
                clock,
              }),
      };
    case 'postgres':
      return {
        readUse: readPostgresUse,
        scratch: (productionUrl, replayed) =>
          scratch === undefined
            ? undefined
            : createPostgresScratch({
                scratchUrl: filledIn(scratch),
                productionUrl,
                applicationRole,
                allowSameServer: false,
                pgDump: 'pg_dump',
                replayed,
                ledgerTables: [table, `${table}_catalog`],
                split: (text) => postgresDialect.split(text),
                clock,
              }),
      };
    default:
      return driver satisfies never;
  }
}
