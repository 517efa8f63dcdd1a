// A copy of a SQLite file's schema, without a row, in a private folder. It is small and empty, so that a trial on it
// ends at once: it needs no process besides the engine.

import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../../lib/clock.ts';
import { messageOf } from '../../../lib/errors.ts';
import type { Dialect } from '../../dialect.ts';
import { MigrationError } from '../../error.ts';
import type { ScratchServer } from '../../evidence/scratch.ts';
import { ledgerTables } from '../ledger.ts';
import { openCopy } from './copy.ts';

export interface SqliteScratchOptions {
  /** Of the application's file. Absolute; only read. */
  readonly file: string;
  /** The address that an application would be given for a file. */
  readonly addressOf: (file: string) => string;
  /** The ledger's. */
  readonly table: string;
  readonly split: Dialect['split'];
  readonly clock: Clock;
}

const prefix = 'bg-scratch-';
/** Longer than any run may take. */
const leftoverMs = 3_600_000;
const busyMs = 5_000;

export function createSqliteScratch({ file, addressOf, table, split, clock }: SqliteScratchOptions): ScratchServer {
  return {
    async copy(signal) {
      signal.throwIfAborted();
      dropLeftovers(clock.now());
      const definitions = readDefinitions(file);
      const folder = mkdtempSync(join(realpathSync(tmpdir()), `${prefix}${clock.now()}-`));
      try {
        const copy = join(folder, 'copy.sqlite');
        create(copy, definitions);
        return openCopy({ folder, file: copy, addressOf, ledger: ledgerTables(table), split, signal });
      } catch (thrown) {
        rmSync(folder, { recursive: true, force: true });
        throw thrown;
      }
    },
  };
}

/** Tables before what refers to them. A virtual table makes its internal tables by itself. */
function readDefinitions(file: string): readonly string[] {
  const database = open(file, { readonly: true, fileMustExist: true, timeout: busyMs });
  try {
    const sql = `
      SELECT m.sql FROM sqlite_master m LEFT JOIN pragma_table_list l ON l.name = m.name AND l.schema = 'main'
      WHERE m.sql IS NOT NULL AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~' AND coalesce(l.type, '') <> 'shadow'
      ORDER BY CASE m.type WHEN 'table' THEN 0 WHEN 'view' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, m.rowid`;
    return database.prepare(sql).pluck().all() as string[];
  } catch (thrown) {
    throw new MigrationError('failed', `the schema cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    database.close();
  }
}

function open(file: string, options: Database.Options): Database.Database {
  try {
    return new Database(file, options);
  } catch (thrown) {
    throw new MigrationError('unreachable', `the database file cannot be opened: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function create(file: string, definitions: readonly string[]): void {
  const database = open(file, {});
  try {
    chmodSync(file, 0o600);
    for (const definition of definitions) database.exec(definition);
  } catch (thrown) {
    throw new MigrationError('failed', `the schema cannot be copied: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    database.close();
  }
}

/** What a killed run left; a run that is still active is younger. */
function dropLeftovers(now: number): void {
  for (const name of readdirSync(tmpdir())) {
    const [, made] = /^bg-scratch-(\d+)-\w{6}$/.exec(name) ?? [];
    if (made !== undefined && Number(made) < now - leftoverMs)
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
