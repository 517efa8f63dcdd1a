// An application's SQLite file, as the phases need it.

import { realpathSync } from 'node:fs';
import type { Clock } from '../../lib/clock.ts';
import { isMissing } from '../../lib/files.ts';
import { createKeyedMutex } from '../../lib/keyed-mutex.ts';
import type { RunLimits, SchemaDatabase } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import { MigrationError } from '../error.ts';
import { type Contest, untilFree } from '../retry.ts';
import type { SeeStatement } from '../statement-seen.ts';
import { readActivity } from './activity.ts';
import { runBatch } from './batch.ts';
import { readSchema } from './catalog.ts';
import { type Connection, createConnection } from './connection.ts';
import { isBusy, migrationErrorOf, whoWrites } from './failure.ts';
import { changeSql, createTables, forgetSql, ledgerTables, readCatalog, readLedger, rememberSql } from './ledger.ts';
import { createLock } from './lock.ts';
import { runFile } from './run.ts';

export interface SqliteOptions {
  /** Absolute. A file that does not exist is made; its folder is not. */
  readonly file: string;
  /** Of the ledger. */
  readonly table: string;
  readonly clock: Clock;
  /** Of SQLite's dialect, loaded. */
  readonly split: Dialect['split'];
  /** For rows of the ledger, which are short but written while the service writes. */
  readonly ownLimits?: RunLimits;
  readonly onStatement?: SeeStatement | undefined;
}

const patientLimits: RunLimits = {
  lockTimeoutMs: 1_000,
  lockTries: 60,
  lockTotalMs: 60_000,
  statementTimeoutMs: 30_000,
};
const never = new AbortController().signal;

export async function openSqlite(options: SqliteOptions): Promise<SchemaDatabase> {
  const { table, clock, split, ownLimits = patientLimits, onStatement } = options;
  const file = realFile(options.file);
  const lockFile = `${file}-migrator`;
  const tables = ledgerTables(table);
  const mutex = createKeyedMutex();
  const lock = createLock(() => connection, lockFile, clock);
  const connection: Connection = createConnection(file, lockFile, lock.retake);
  const contest: Contest = { isLocked: isBusy, whoHolds: async () => whoWrites(file, connection.pid()) };

  /** One transaction at a time: there is one connection, and no query may fall into another caller's transaction. */
  const inTurn = <T>(work: () => Promise<T>) =>
    mutex('connection', () => work().catch((thrown) => rethrow(thrown, file)));
  const write = <T>(limits: RunLimits, signal: AbortSignal, attempt: () => Promise<T>) =>
    inTurn(() => untilFree({ clock, limits, signal }, contest, attempt));
  const read = <T>(attempt: () => Promise<T>) => write(ownLimits, never, attempt);
  const writeOwn = (sql: string) =>
    write(ownLimits, never, async () => {
      await connection.exec(`BEGIN IMMEDIATE; ${createTables(tables)} ${sql} COMMIT`).catch(async (thrown: unknown) => {
        await connection.exec('ROLLBACK').catch(() => undefined);
        throw thrown;
      });
    });

  return {
    kind: 'sqlite',
    ledger: () => read(() => readLedger(connection, tables)),
    locked: lock.locked,
    mark: (id, change) => writeOwn(changeSql(tables, id, change, clock.now())),
    forget: (id) => writeOwn(forgetSql(tables, id)),
    run: (id, sqlFile, outcome, { limits, signal }) =>
      write(limits, signal, () =>
        runFile(connection, split, {
          ...{ id, file: sqlFile, outcome, limits, signal, tables, now: clock.now() },
          see: onStatement,
        }),
      ),
    backfill: (id, backfillFile, size, { limits, signal }) =>
      write(limits, signal, () =>
        runBatch(connection, { id, file: backfillFile, size, limits, signal, tables, clock }),
      ),
    countRows: (name) => read(async () => numberOf(await connection.rows(`SELECT count(*) AS n FROM ${name}`))),
    verify: (select) => read(async () => numberOf(await connection.rows(select))),
    catalog: () => read(() => readSchema(connection, tables.names)),
    searchPath: async () => undefined,
    rememberCatalog: (catalog) => writeOwn(rememberSql(tables, catalog)),
    rememberedCatalog: () => read(() => readCatalog(connection, tables)),
    activity: async () => readActivity(file, connection.pid()),
    close: connection.close,
  };
}

/** Two paths to one file must give one lock. */
function realFile(file: string): string {
  try {
    return realpathSync(file);
  } catch (thrown) {
    if (!isMissing(thrown)) throw new MigrationError('unreachable', `${file} cannot be opened`, { cause: thrown });
    return file;
  }
}

function numberOf(rows: readonly Readonly<Record<string, unknown>>[]): number {
  return Number(Object.values(rows[0] ?? {})[0] ?? 0);
}

function rethrow(thrown: unknown, file: string): never {
  throw migrationErrorOf(thrown, file);
}
