// SQLite, as the configuration and the engine know it.

import { sqliteFile } from '../address.ts';
import { sqlDriver } from '../driver.ts';
import { sqliteDialect } from './dialect.ts';
import { createSqliteScratch } from './evidence/server.ts';
import { readSqliteUse } from './evidence/use.ts';
import { identityOf } from './identity.ts';
import { openSqlite } from './open.ts';

const longestRecordMs = 60_000;

export const sqlite = sqlDriver({
  name: 'sqlite',
  summary: 'a file of SQLite',
  address: 'sqlite:/absolute/file',
  dialect: sqliteDialect,
  connections: ({ settings: { table }, limits, clock }) => ({
    identity: async (address) => identityOf(sqliteFile(address)),
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
    readUse: readSqliteUse,
    // A copy of a file needs no server: it is among other temporary files.
    scratch: (address) =>
      createSqliteScratch({
        file: sqliteFile(address),
        addressOf: (copy) => address.replace(sqliteFile(address), () => copy),
        table,
        split: (text) => sqliteDialect.split(text),
        clock,
      }),
  }),
});
