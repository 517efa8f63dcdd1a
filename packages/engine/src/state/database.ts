// Opens the engine's own SQLite file: durable settings, migrations applied, a newer file refused.

import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { BlueGreenError, messageOf } from '../lib/errors.ts';
import * as schema from './schema.ts';

export type Db = BetterSQLite3Database<typeof schema> & { $client: Database.Database };

const migrationsFolder = resolve(import.meta.dirname, '../../../../migrations');

/** @throws BlueGreenError `state-newer`, `state-corrupt` */
export function openDatabase(stateFolder: string): Db {
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const file = join(stateFolder, 'state.sqlite');
  const client = openFile(file);
  refuseNewer(client, file);
  const db = drizzle(client, { schema }) as Db;
  migrateOnce(db, file);
  return db;
}

function openFile(file: string): Database.Database {
  const client = new Database(file, { timeout: 5_000 });
  try {
    client.pragma('journal_mode = WAL');
    // FULL, not NORMAL: a decision that was announced must survive the loss of power.
    client.pragma('synchronous = FULL');
    client.pragma('foreign_keys = ON');
    const check = client.pragma('quick_check(1)', { simple: true });
    if (check !== 'ok') throw new Error(String(check));
    return client;
  } catch (thrown) {
    client.close();
    throw new BlueGreenError('state-corrupt', `${file} cannot be read: ${messageOf(thrown)}`, {}, thrown);
  }
}

function refuseNewer(client: Database.Database, file: string): void {
  const known = client.prepare("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  if (!known) return;
  const row = client.prepare('SELECT max(created_at) AS newest FROM __drizzle_migrations').get() as { newest: number | null };
  if ((row.newest ?? 0) <= newestMigration()) return;
  client.close();
  throw new BlueGreenError('state-newer', `${file} was written by a newer version of this program`);
}

function newestMigration(): number {
  const journal = JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[];
  };
  return Math.max(...journal.entries.map((entry) => entry.when));
}

/** Two processes may open a new file at the same moment: whoever comes second finds the work done and tries again. */
function migrateOnce(db: Db, file: string, triesLeft = 5): void {
  try {
    migrate(db, { migrationsFolder });
  } catch (thrown) {
    if (triesLeft === 0) throw new BlueGreenError('state-corrupt', `${file}: ${messageOf(thrown)}`, {}, thrown);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    migrateOnce(db, file, triesLeft - 1);
  }
}
