// A real SQLite file with a service that uses it, and everything a phase is handed. For the tests of this folder.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { systemClock } from '../../lib/clock.ts';
import type { SchemaDatabase } from '../database.ts';
import type { Migration } from '../files/migration.ts';
import { aMigration } from '../testing/a-migration.ts';
import { open } from '../testing/sqlite-opener.ts';
import type { MigrationEvent, PhaseContext } from './context.ts';
import { status } from './status.ts';

export interface PhaseStage {
  readonly context: PhaseContext;
  readonly database: SchemaDatabase;
  /** What the phases said, in order. */
  readonly events: readonly MigrationEvent[];
  readonly file: string;
  /** One statement of the service, on its own connection. */
  service(sql: string): readonly unknown[];
  addUsers(count: number): void;
  states(migrations?: readonly Migration[]): Promise<readonly string[]>;
  end(): Promise<void>;
}

/** The service's table, and a column that moves through all phases. */
export const users = aMigration('001_users', { expand: 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);' });
export const nick = aMigration('002_nick', {
  expand: 'ALTER TABLE users ADD COLUMN nick TEXT;',
  backfill: 'UPDATE users SET nick = name WHERE id BETWEEN :from AND :to;',
  contract: 'ALTER TABLE users DROP COLUMN name;',
  revert: 'ALTER TABLE users DROP COLUMN nick;',
  backfillOf: { batch: 10, verify: 'SELECT count(*) FROM users WHERE nick IS NULL' },
});
export const all = [users, nick];

export async function phaseStage(): Promise<PhaseStage> {
  const folder = mkdtempSync(join(tmpdir(), 'bg-phases-'));
  const file = join(folder, 'app.sqlite');
  const { database, dialect } = await open(file);
  const events: MigrationEvent[] = [];
  function service(sql: string): readonly unknown[] {
    const connection = new Database(file, { timeout: 10_000 });
    try {
      const statement = connection.prepare(sql);
      return statement.reader ? statement.all() : [statement.run().changes];
    } finally {
      connection.close();
    }
  }
  return {
    context: {
      database,
      dialect,
      clock: systemClock,
      limits: { lockTimeoutMs: 200, lockTries: 3, lockTotalMs: 5_000, statementTimeoutMs: 30_000 },
      lockWaitMs: 10_000,
      sharedTables: [],
      signal: new AbortController().signal,
      say: (event) => events.push(event),
    },
    database,
    events,
    file,
    service,
    addUsers: (count) => {
      service(`WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ${count})
        INSERT INTO users (name) SELECT 'user ' || x FROM c`);
    },
    states: async (migrations = []) =>
      (await status(database, dialect, migrations)).migrations.map(({ id, state }) => `${id} ${state}`),
    end: async () => {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
