// Opens the engine's own SQLite file: durable settings, migrations applied, a newer file refused.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { makeWrittenInPlace } from '../lib/copy-on-write.ts';
import { BlueGreenError, hasCode, messageOf } from '../lib/errors.ts';
import { ownFile } from '../lib/own-files.ts';
import { lendLog, releaseReserve } from '../lib/reserve.ts';
import { storageFault } from '../lib/storage-fault.ts';
import { drizzle, readMigrationFiles } from './drizzle.ts';
import { rememberFile } from './same-file.ts';
import * as schema from './schema.ts';
import { guardStateFolder } from './state-folder.ts';

/** How long a statement waits for another process's write. */
export const commandWaitMs = 5_000;
/** Long enough to see that another process has the state open. */
const aloneWaitMs = 100;
const patientTries = 50;
export type Db = BetterSQLite3Database<typeof schema> & { $client: Database.Database };

const migrationsFolder = ownFile(import.meta.url, '../../../../migrations');

interface Opening {
  /** Is given what is unusual about the folder. */
  readonly warn?: (sentence: string) => void;
  /**
   * For a command that ends: on a full disk it may be the only process that has the state open, and then needs no block
   * that another process could take first. Others wait for it.
   */
  readonly aloneOnFullDisk?: boolean | undefined;
}

/**
 * On a full disk a part of the reserve is given up, so that a rollback can be written.
 * @throws BlueGreenError `state-newer`, `state-locked`, `state-unsafe`, `state-corrupt` for proved damage only, and what
 * `storageFault` says
 */
export function openDatabase(stateFolder: string, { warn = () => {}, aloneOnFullDisk = false }: Opening = {}): Db {
  for (const sentence of openFolder(stateFolder)) warn(sentence);
  const file = join(stateFolder, 'state.sqlite');
  // Before SQLite makes an empty log, which cannot be replaced safely.
  if (aloneOnFullDisk) lendLog(file);
  let alone: 'untried' | 'tried' | 'yes' = aloneOnFullDisk ? 'untried' : 'tried';
  for (;;) {
    try {
      return openOnce(file, alone === 'yes');
    } catch (thrown) {
      // Another process has it open: then its log and the index of it have their blocks.
      if (alone === 'yes' && hasCode(thrown, 'state-locked')) alone = 'tried';
      else if (!hasCode(thrown, 'disk-full')) throw thrown;
      else if (alone === 'untried') alone = 'yes';
      else if (!releaseReserve(stateFolder)) throw thrown;
    }
  }
}

/** The index of the log, which SQLite maps; it is removed when the last process closes the state. */
const indexOf = (file: string): string => `${file}-shm`;

function openOnce(file: string, alone: boolean): Db {
  if (!alone) makeWrittenInPlace(indexOf(file));
  const client = openFile(file, alone);
  refuseNewer(client, file);
  migrateOnce(client, file);
  const db = drizzle(client, { schema }) as Db;
  rememberFile(db, file);
  return db;
}

function openFolder(stateFolder: string): readonly string[] {
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    return guardStateFolder(stateFolder);
  } catch (thrown) {
    throw storageFault(thrown, stateFolder) ?? thrown;
  }
}

function openFile(file: string, alone: boolean): Database.Database {
  const client = opening(file, alone ? aloneWaitMs : commandWaitMs);
  try {
    // The index is in memory then.
    if (alone) client.pragma('locking_mode = EXCLUSIVE');
    toWriteAheadLog(client, alone ? 0 : patientTries);
    client.pragma(`busy_timeout = ${commandWaitMs}`);
    // FULL, not NORMAL: a decision that was announced must survive the loss of power.
    client.pragma('synchronous = FULL');
    // Pages that change again and again are written back once for many commits, after 32 MiB of log: each time costs two syncs.
    client.pragma('wal_autocheckpoint = 8000');
    client.pragma('cache_size = -16000');
    client.pragma('foreign_keys = ON');
    // A file for sorting would need room on a disk that may be full.
    client.pragma('temp_store = MEMORY');
    refuseDamaged(client, file);
    return client;
  } catch (thrown) {
    client.close();
    throw unreadable(file, thrown);
  }
}

/** A file that is checked whole each time it is opened: larger ones would hold up every start for seconds. */
const wholeCheckBytes = 16 << 20;
/** What decides who gets users. */
const decisive = ['meta', 'targets', 'slots', 'leases', 'locks', 'cursors', 'quarantine', 'pins'] as const;

/** Other damage of a large file is found where it is read, by the continuous verification of the log, and by each backup. */
function refuseDamaged(client: Database.Database, file: string): void {
  const bytes =
    Number(client.pragma('page_count', { simple: true })) * Number(client.pragma('page_size', { simple: true }));
  const parts = bytes <= wholeCheckBytes ? ['1'] : decisive.filter((table) => hasTable(client, table));
  for (const part of parts) {
    const check = client.pragma(`quick_check(${part})`, { simple: true });
    if (check !== 'ok') throw damaged(file, String(check));
  }
}

/** Not yet in a file of an earlier version. */
const hasTable = (client: Database.Database, table: string): boolean =>
  client.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").get(table) !== undefined;

function opening(file: string, timeout: number): Database.Database {
  try {
    return new Database(file, { timeout });
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

const damaged = (file: string, problem: string, cause?: unknown): BlueGreenError =>
  new BlueGreenError('state-corrupt', `${file} is damaged: ${problem}`, {}, cause);

/** Only errors that SQLite reports as damage count as damage, because the help for it moves the file away. */
function unreadable(file: string, thrown: unknown): unknown {
  if (thrown instanceof BlueGreenError) return thrown;
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(sqliteCode(thrown))) return damaged(file, messageOf(thrown), thrown);
  return storageFault(thrown, file) ?? thrown;
}

const sqliteCode = (thrown: unknown): string => String((thrown as { code?: unknown } | undefined)?.code);

const isLocked = (thrown: unknown): boolean => sqliteCode(thrown).startsWith('SQLITE_BUSY');

/** Only the first process changes the file's mode. SQLite does not queue for that lock, so other processes retry. */
function toWriteAheadLog(client: Database.Database, tries: number): void {
  for (let triesLeft = tries; ; triesLeft -= 1) {
    try {
      client.pragma('journal_mode = WAL');
      return;
    } catch (thrown) {
      if (triesLeft === 0 || !isLocked(thrown)) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

function refuseNewer(client: Database.Database, file: string): void {
  const known = client.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  if (!known) return;
  if (newestApplied(client) <= newestMigration()) return;
  client.close();
  throw new BlueGreenError('state-newer', `${file} was written by a newer version of this program`);
}

function newestMigration(): number {
  const journal = JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[];
  };
  return Math.max(...journal.entries.map((entry) => entry.when));
}

/** One immediate transaction: of two processes that open a new file at once, the second finds the work done. */
function migrateOnce(client: Database.Database, file: string): void {
  const migrations = readMigrationFiles({ migrationsFolder });
  try {
    client
      .transaction(() => {
        client.exec(
          'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id integer PRIMARY KEY, hash text NOT NULL, created_at numeric)',
        );
        const newest = newestApplied(client);
        const add = client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)');
        for (const { sql, hash, folderMillis } of migrations) {
          if (folderMillis <= newest) continue;
          for (const statement of sql) client.exec(statement);
          add.run(hash, folderMillis);
        }
      })
      .immediate();
  } catch (thrown) {
    client.close();
    throw unreadable(file, thrown);
  }
}

function newestApplied(client: Database.Database): number {
  const row = client.prepare('SELECT max(created_at) AS newest FROM __drizzle_migrations').get() as {
    newest: number | null;
  };
  return row.newest ?? 0;
}
