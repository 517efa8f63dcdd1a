// What only SQLite does: rebuilt tables, one lock for the whole file, a file that cannot be written.

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { neverAborted, testLimits } from '../contract/fixture.ts';
import type { SchemaDatabase } from '../database.ts';
import type { BackfillFile, SqlFile } from '../files/migration.ts';
import { aMigration, aSqlFile } from '../testing/a-migration.ts';
import { open } from '../testing/sqlite-opener.ts';

const id = '001_step';
let folder: string;
let file: string;
let service: Database.Database;
const opened: SchemaDatabase[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-sqlite-'));
  file = join(folder, 'app.sqlite');
  service = new Database(file, { timeout: 10_000 });
  service.pragma('journal_mode = WAL');
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
  service.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(path = file): Promise<SchemaDatabase> {
  const { database } = await open(path);
  opened.push(database);
  return database;
}

async function run(database: SchemaDatabase, sql: string | SqlFile, limits = testLimits): Promise<void> {
  const sqlFile = typeof sql === 'string' ? aSqlFile(id, 'expand', sql) : sql;
  await database.mark(id, { state: 'expanding' });
  await database.locked(5_000, neverAborted, () =>
    database.run(id, sqlFile, { state: 'expanded' }, { limits, signal: neverAborted }),
  );
}

describe('a table that is rebuilt', () => {
  const rebuild = `CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_users SELECT id, name FROM users;
DROP TABLE users;
ALTER TABLE new_users RENAME TO users;`;
  beforeEach(() => {
    service.exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE orders (id INTEGER PRIMARY KEY, buyer INTEGER REFERENCES users (id) ON DELETE CASCADE);
      INSERT INTO users VALUES (1, 'Ann'), (2, 'Bob'); INSERT INTO orders VALUES (10, 1), (11, 2);`);
  });

  test('keeps the rows that refer to it', async () => {
    await run(await connect(), rebuild);
    expect(service.prepare('SELECT count(*) AS n FROM orders').get()).toEqual({ n: 2 });
    expect(service.pragma('foreign_key_check')).toEqual([]);
    expect(() => service.exec('INSERT INTO orders VALUES (12, 99)')).toThrow(/FOREIGN KEY/);
  });

  test('may not leave rows that refer to nothing, and is undone whole', async () => {
    const losing = rebuild.replace('FROM users;', 'FROM users WHERE id = 1;');
    await expect(run(await connect(), losing)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('orders → users (1)'),
    });
    expect(service.prepare('SELECT count(*) AS n FROM users').get()).toEqual({ n: 2 });
  });

  test('is not blamed for what was broken before', async () => {
    service.exec('PRAGMA foreign_keys = OFF; INSERT INTO orders VALUES (12, 77); PRAGMA foreign_keys = ON');
    await run(await connect(), rebuild);
    expect(service.prepare('SELECT count(*) AS n FROM orders').get()).toEqual({ n: 3 });
  });
});

describe('a file of SQL', () => {
  test('may not end the transaction it is part of', async () => {
    const database = await connect();
    const failure = run(database, 'CREATE TABLE a (id INTEGER);\nCOMMIT;\nCREATE TABLE b (id INTEGER);');
    await expect(failure).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining(':2: ends the') });
    expect(Object.keys(await database.catalog())).not.toContain('table b');
  });

  test('runs without a transaction only where SQLite cannot do otherwise', async () => {
    const database = await connect();
    const alone = (text: string) => ({ ...aSqlFile(id, 'expand', text), transaction: false });
    await run(database, alone('-- Smaller.\nVACUUM;'));
    expect(await database.ledger()).toMatchObject([{ state: 'expanded' }]);
    await expect(run(database, alone('CREATE TABLE a (id INTEGER);'))).rejects.toMatchObject({
      code: 'failed',
      hint: expect.stringContaining('Leave out @no-transaction'),
    });
  });

  test('that is no SQL is reported with its line', async () => {
    await expect(run(await connect(), 'CREATE TABLE a (id INTEGER);\nCREATE TABEL b (id);')).rejects.toMatchObject({
      message: expect.stringContaining('001_step.expand.sql:2'),
    });
  });
});

describe('the lock', () => {
  test('stays with the migrator whose statement was stopped', async () => {
    const [database, other] = [await connect(), await connect()];
    const slow = `CREATE TABLE slow AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000000000)
      SELECT count(*) AS n FROM c;`;
    const limits = { ...testLimits, statementTimeoutMs: 300 };
    await database.mark(id, { state: 'expanding' });
    await database.locked(5_000, neverAborted, async () => {
      const step = aSqlFile(id, 'expand', slow);
      const running = database.run(id, step, { state: 'expanded' }, { limits, signal: neverAborted });
      await expect(running).rejects.toMatchObject({ code: 'failed' });
      await database.mark(id, { state: 'failed' });
      await expect(other.locked(600, neverAborted, async () => 'both')).rejects.toMatchObject({ code: 'locked' });
    });
    expect(await other.locked(5_000, neverAborted, async () => 'free')).toBe('free');
  });

  test('is one, whichever path leads to the file', async () => {
    symlinkSync(file, join(folder, 'link.sqlite'));
    const [database, other] = [await connect(), await connect(join(folder, 'link.sqlite'))];
    await database.locked(5_000, neverAborted, async () => {
      await expect(other.locked(300, neverAborted, async () => 'both')).rejects.toMatchObject({ code: 'locked' });
    });
  });

  test('names its holder, and a second caller in the same process waits too', async () => {
    const database = await connect();
    await database.locked(5_000, neverAborted, async () => {
      await expect(database.locked(300, neverAborted, async () => 'both')).rejects.toMatchObject({
        code: 'locked',
        message: expect.stringContaining(`process ${process.pid} on `),
      });
    });
  });

  test('a blocked step names the process that has the file open', async () => {
    const database = await connect();
    await database.mark(id, { state: 'expanding' });
    service.exec('BEGIN IMMEDIATE');
    // The service is this very process, which is not reported as another one; so the message has no number.
    const step = aSqlFile(id, 'expand', 'CREATE TABLE a (id INTEGER);');
    await expect(
      database.run(id, step, { state: 'expanded' }, { limits: testLimits, signal: neverAborted }),
    ).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringContaining(`another process writes to ${file}`),
    });
    service.exec('ROLLBACK');
  });

  test('is released when only its migrator is killed: no process commits what SQLite was running', async () => {
    const slow = `CREATE TABLE first (id INTEGER);
      CREATE TABLE slow AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 3000000) SELECT count(*) AS n FROM c;
      CREATE TABLE last (id INTEGER);`;
    const migrations = JSON.stringify([aMigration(id, { expand: slow })]);
    const script = join(import.meta.dirname, '../testing/migrating-process.ts');
    const opener = join(import.meta.dirname, '../testing/sqlite-opener.ts');
    const migrator = spawn(process.execPath, [script, opener, file, 'expand', migrations], {
      stdio: 'ignore',
    });
    const database = await connect();
    await expect.poll(() => database.ledger(), { timeout: 30_000 }).toMatchObject([{ state: 'expanding' }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    migrator.kill('SIGKILL');
    await database.locked(50_000, neverAborted, async () => {
      expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
      expect(await database.catalog()).toEqual({});
    });
  });

  test('many callers at once each get their answer', async () => {
    const database = await connect();
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => database.mark(`${100 + at}_a`, { state: 'done', rowsDone: at })),
    );
    const looks = await Promise.all(
      Array.from({ length: 20 }, () => Promise.all([database.ledger(), database.catalog()])),
    );
    for (const [ledger, catalog] of looks) {
      expect(ledger.map(({ rowsDone }) => rowsDone)).toEqual(Array.from({ length: 20 }, (_, at) => at));
      expect(catalog).toEqual({});
    }
  });
});

describe('keys of a backfill', () => {
  const filling = (text: string): BackfillFile =>
    aMigration(id, { backfill: text, backfillOf: { table: 'users', key: 'id' } }).backfill as BackfillFile;
  const step = filling('UPDATE users SET touched = touched + 1 WHERE id BETWEEN :from AND :to;');

  test('whole numbers of 64 bits, fractions, texts and bytes are filled once', async () => {
    service.exec(`CREATE TABLE users (id UNIQUE NOT NULL, touched INTEGER DEFAULT 0);
      INSERT INTO users (id) VALUES (-9223372036854775808), (9223372036854775806), (9223372036854775807), (9007199254740993),
        (9007199254740992), (0.1), (1e300), (''), ('it''s'), ('O"H'), (x''), (x'00ff'), (x'ff')`);
    const database = await connect();
    await database.mark(id, { state: 'backfilling' });
    for (let batches = 0; ; batches += 1) {
      const { cursor } = await database.backfill(id, step, 2, { limits: testLimits, signal: neverAborted });
      if (cursor === undefined) break;
      expect(batches).toBeLessThan(13);
    }
    expect(service.prepare('SELECT touched, count(*) AS n FROM users GROUP BY 1').all()).toEqual([
      { touched: 1, n: 13 },
    ]);
  });

  test('a row without a key is reported before anything is filled', async () => {
    service.exec('CREATE TABLE users (id UNIQUE, touched INTEGER); INSERT INTO users VALUES (1, 0), (NULL, 0)');
    const database = await connect();
    await database.mark(id, { state: 'backfilling' });
    await expect(database.backfill(id, step, 2, { limits: testLimits, signal: neverAborted })).rejects.toMatchObject({
      message: expect.stringContaining('users has rows whose id is NULL'),
    });
  });
});

describe('a file that cannot be used', () => {
  test('its folder is missing', async () => {
    const database = await connect(join(folder, 'none', 'app.sqlite'));
    await expect(database.ledger()).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('app.sqlite'),
    });
  });

  test('it is no database', async () => {
    writeFileSync(
      join(folder, 'letter.txt'),
      'Dear reader, this is no database, and long enough to be seen as none. '.repeat(20),
    );
    const database = await connect(join(folder, 'letter.txt'));
    await expect(database.ledger()).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('the ledger’s table belongs to another program', async () => {
    service.exec('CREATE TABLE schema_migrations (version TEXT)');
    await expect((await connect()).ledger()).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('belongs to something else: it has the columns version'),
    });
  });

  // Only root may mount. Where the tests run as another user, these two have nothing to try on.
  test.runIf(mayMount())('the disk is full: nothing of the step remains, and it says so', async () => {
    const small = mountSmall('size=2m');
    try {
      const database = await connect(join(small, 'app.sqlite'));
      const filling =
        'CREATE TABLE big AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 9000) SELECT x, randomblob(900) AS y FROM c;';
      await expect(run(database, `CREATE TABLE a (id INTEGER);\n${filling}`)).rejects.toMatchObject({
        code: 'failed',
        message: expect.stringMatching(/^001_step.expand.sql(:2)?: database or disk is full/),
      });
      expect(await database.catalog()).toEqual({});
      expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
    } finally {
      await endAll(small);
    }
  });

  test.runIf(mayMount())('it may be read and not written', async () => {
    const small = mountSmall('size=2m');
    try {
      new Database(join(small, 'app.sqlite')).exec('CREATE TABLE a (id INTEGER)').close();
      execFileSync('mount', ['-o', 'remount,ro', small]);
      const database = await connect(join(small, 'app.sqlite'));
      expect(Object.keys(await database.catalog())).toContain('table a');
      await expect(database.mark(id, { state: 'done' })).rejects.toMatchObject({
        code: 'denied',
        hint: expect.stringContaining('write the file and its folder'),
      });
    } finally {
      await endAll(small);
    }
  });
});

function mayMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'bg-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function mountSmall(options: string): string {
  const place = join(folder, 'small');
  mkdirSync(place);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', place]);
  return place;
}

async function endAll(place: string): Promise<void> {
  for (const database of opened.splice(0)) await database.close();
  execFileSync('umount', [place]);
}
