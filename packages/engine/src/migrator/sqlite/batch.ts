// One batch of a backfill: the rows of the next keys, with the cursor in the same transaction.

import type { Clock } from '../../lib/clock.ts';
import type { BackfillBatch, RunLimits } from '../database.ts';
import { MigrationError } from '../error.ts';
import { withParameters } from '../files/code.ts';
import type { BackfillFile } from '../files/migration.ts';
import type { Connection } from './connection.ts';
import { migrationErrorOf } from './failure.ts';
import { changeSql, type LedgerTables } from './ledger.ts';

export interface BatchRun {
  readonly id: string;
  readonly file: BackfillFile;
  readonly size: number;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
  readonly tables: LedgerTables;
  readonly clock: Clock;
}

/** Waiting this long for the lock means that others write. */
const contendedMs = 50;

/** @throws SqliteError busy, for another try; MigrationError otherwise */
export async function runBatch(connection: Connection, run: BatchRun): Promise<BackfillBatch> {
  const { file, limits, signal, clock } = run;
  const options = { timeoutMs: limits.statementTimeoutMs, signal, busyMs: limits.lockTimeoutMs };
  const asked = clock.now();
  await connection.exec('PRAGMA foreign_keys = ON; BEGIN IMMEDIATE', options);
  const began = clock.now();
  try {
    const batch = await advance(connection, run, options);
    await connection.exec('COMMIT', options);
    const tookMs = clock.now() - began;
    return { ...batch, tookMs, pressed: began - asked > contendedMs };
  } catch (thrown) {
    await connection.exec('ROLLBACK').catch(() => undefined);
    throw migrationErrorOf(thrown, file.file);
  }
}

type Options = NonNullable<Parameters<Connection['exec']>[1]>;

async function advance(connection: Connection, { id, file, size, tables, clock }: BatchRun, options: Options) {
  const [row] = await connection.rows(`SELECT cursor, rows_done FROM ${tables.ledger} WHERE id = ?`, [id], options);
  if (!row) throw new MigrationError('not-allowed', `${id} is pending: there is nothing to fill`);
  const cursor = row.cursor === null ? undefined : literalOf(id, String(row.cursor));
  if (cursor === undefined) await refuseNullKeys(connection, file, options);
  const [keys] = await connection.rows(keysSql(file, size, cursor), [], options);
  const rows = Number(keys?.n ?? 0);
  if (rows === 0) return { rows, cursor: undefined };
  const [from, to] = [String(keys?.first), String(keys?.last)];
  await connection.exec(withParameters(file.text, { from, to }), options);
  const done = Number(row.rows_done) + rows;
  await connection.exec(changeSql(tables, id, { cursor: to, rowsDone: done }, clock.now()), options);
  return { rows, cursor: to };
}

/** Keys travel as SQLite writes them itself, so that whole numbers of 64 bits, texts and blobs stay what they are. */
function keysSql({ table, key }: BackfillFile, size: number, cursor: string | undefined): string {
  const after = cursor === undefined ? '' : `WHERE ${key} > ${cursor}`;
  return `SELECT quote(min(k)) AS first, quote(max(k)) AS last, count(*) AS n FROM
    (SELECT ${key} AS k FROM ${table} ${after} ORDER BY ${key} LIMIT ${Math.round(size)})`;
}

function literalOf(id: string, cursor: string): string {
  if (/^(?:[-+]?[0-9.]+(?:e[-+]?\d+)?|'(?:[^']|'')*'|X'[0-9A-F]*')$/i.test(cursor)) return cursor;
  throw new MigrationError('failed', `the cursor of ${id} in the ledger is no key: it was changed by hand`);
}

/** A row without a key comes before the first batch and after the last one, so that no batch would reach it. */
async function refuseNullKeys(connection: Connection, { table, key }: BackfillFile, options: Options): Promise<void> {
  const [found] = await connection.rows(`SELECT 1 FROM ${table} WHERE ${key} IS NULL LIMIT 1`, [], options);
  if (found) throw new MigrationError('failed', `${table} has rows whose ${key} is NULL: choose another @key`);
}
