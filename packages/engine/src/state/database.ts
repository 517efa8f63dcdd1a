// Opens the engine's own SQLite file: durable settings, migrations applied, a newer file refused.

import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { BlueGreenError, hasCode, messageOf } from '../lib/errors.ts';
import { keepReserve, releaseReserve } from '../lib/reserve.ts';
import { storageFault } from '../lib/storage-fault.ts';
import { rememberFile } from './same-file.ts';
import * as schema from './schema.ts';

export type Db = BetterSQLite3Database<typeof schema> & { $client: Database.Database };

const migrationsFolder = resolve(import.meta.dirname, '../../../../migrations');

/** A state up to this size is checked whole at every open, in milliseconds; a larger one by whoever drives, once a day. */
const checkedWholeBytes = 8 << 20;

/**
 * On a full disk the reserve is given up, so that a rollback can be written.
 * @throws BlueGreenError `state-newer`, `state-corrupt` only for proved damage, `state-locked`; `disk-full`, `disk-read-only`, `disk-error`, `no-permission`, `too-many-files`
 */
export function openDatabase(stateFolder: string): Db {
  try {
    return openOnce(stateFolder);
  } catch (thrown) {
    if (!hasCode(thrown, 'disk-full') || !releaseReserve(stateFolder)) throw thrown;
    return openOnce(stateFolder);
  }
}

function openOnce(stateFolder: string): Db {
  makeFolder(stateFolder);
  const file = join(stateFolder, 'state.sqlite');
  const client = openFile(file);
  refuseNewer(client, file);
  migrateOnce(client, file);
  rememberFile(client, file);
  keepReserve(stateFolder);
  return drizzle(client, { schema }) as Db;
}

function makeFolder(stateFolder: string): void {
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw storageFault(thrown, stateFolder) ?? thrown;
  }
}

function openFile(file: string): Database.Database {
  const client = opening(file);
  try {
    toWriteAheadLog(client);
    // FULL, not NORMAL: a decision that was announced must survive the loss of power.
    client.pragma('synchronous = FULL');
    // Pages that change again and again are written back once for many commits, after 32 MiB of log: each time costs two syncs.
    client.pragma('wal_autocheckpoint = 8000');
    client.pragma('cache_size = -16000');
    client.pragma('foreign_keys = ON');
    if (sizeOf(client) <= checkedWholeBytes) {
      const check = client.pragma('quick_check(1)', { simple: true });
      if (check !== 'ok') throw damaged(file, String(check));
    }
    return client;
  } catch (thrown) {
    client.close();
    throw unreadable(file, thrown);
  }
}

function opening(file: string): Database.Database {
  try {
    return new Database(file, { timeout: 5_000 });
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

function sizeOf(client: Database.Database): number {
  const pragma = (name: string): number => Number(client.pragma(name, { simple: true }));
  return pragma('page_count') * pragma('page_size');
}

const damaged = (file: string, problem: string, cause?: unknown): BlueGreenError =>
  new BlueGreenError('state-corrupt', `${file} is damaged: ${problem}`, {}, cause);

/** Only what SQLite itself calls damage is damage: nobody may be told to set a sound file aside. */
function unreadable(file: string, thrown: unknown): unknown {
  if (thrown instanceof BlueGreenError) return thrown;
  if (isLocked(thrown))
    return new BlueGreenError(
      'state-locked',
      `${file} is being written by another process, which does not end`,
      {},
      thrown,
    );
  if (isDamage(thrown)) return damaged(file, messageOf(thrown), thrown);
  return causeOfOpening(file) ?? storageFault(thrown, file) ?? thrown;
}

/** SQLite cannot open a file for many reasons and names none of them; the system does. */
function causeOfOpening(file: string): BlueGreenError | undefined {
  try {
    accessSync(dirname(file), constants.R_OK | constants.W_OK | constants.X_OK);
    closeSync(openSync(file, 'r+'));
    return undefined;
  } catch (thrown) {
    return storageFault(thrown, file);
  }
}

const isDamage = (thrown: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test(String((thrown as { code?: unknown } | undefined)?.code));

/** The whole file, page by page: seconds for a large one. Undefined when it is sound. */
export function damageOf(client: Database.Database): string | undefined {
  try {
    const found = client.pragma('integrity_check(1)', { simple: true });
    return found === 'ok' ? undefined : String(found);
  } catch (thrown) {
    if (isDamage(thrown)) return messageOf(thrown);
    throw thrown;
  }
}

const isLocked = (thrown: unknown): boolean =>
  String((thrown as { code?: unknown } | undefined)?.code).startsWith('SQLITE_BUSY');

/** Only the first process changes the file's mode, and SQLite does not queue for that lock: whoever is late asks again. */
function toWriteAheadLog(client: Database.Database): void {
  for (let triesLeft = 50; ; triesLeft -= 1) {
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
