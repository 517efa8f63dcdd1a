// Statements that PostgreSQL refuses within a transaction: cut off, repeated, blocking others.

import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import type { RunLimits, SchemaDatabase } from '../database.ts';
import type { SqlFile } from '../files/migration.ts';
import { aSqlFile } from '../testing/a-migration.ts';
import { open } from '../testing/postgres-opener.ts';
import { oneSource, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';

const id = '001_fast';
const limits: RunLimits = { lockTimeoutMs: 200, lockTries: 3, lockTotalMs: 20_000, statementTimeoutMs: 500 };
const never = new AbortController().signal;
const aloneFile = (text: string): SqlFile => ({ ...aSqlFile(id, 'expand', text), transaction: false });
const create = 'CREATE INDEX CONCURRENTLY users_by_name ON users (lower(name)) WHERE id > 10;';

describe.each(oneSource)('without a transaction, on PostgreSQL of %s', (source) => {
  let server: PostgresServer;
  let name: string;
  let database: SchemaDatabase;
  let service: Client;

  beforeAll(async () => {
    server = await startPostgres(source);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    name = await server.createDatabase();
    ({ database } = await open(server.url(name)));
    service = new Client({ connectionString: server.url(name), application_name: 'shop' });
    service.on('error', () => undefined);
    await service.connect();
    await sql(
      'CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT n, $$x$$ || n FROM generate_series(1, 3000) n',
    );
    await database.mark(id, { state: 'expanding' });
  });
  afterEach(async () => {
    await service.end().catch(() => undefined);
    await database.close();
    await server.dropDatabase(name);
  });

  const sql = (text: string) => server.query(name, text);
  const run = (text: string, change: Partial<RunLimits> = {}, signal = never) =>
    database.locked(5_000, signal, () =>
      database.run(id, aloneFile(text), { state: 'expanded' }, { limits: { ...limits, ...change }, signal }),
    );
  const indexes = async () =>
    (
      await sql(`SELECT c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END AS name FROM pg_index i
        JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = 'users'::regclass AND NOT i.indisprimary ORDER BY 1`)
    ).map((row) => row.name);
  const states = async () => (await database.ledger()).map(({ state }) => state);
  const shortly = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  /** Until the server says that this statement waits for another transaction, for as long as `seconds`. */
  const waits = (statement: string, seconds = 0) =>
    until(async () => {
      const rows =
        await sql(`SELECT 1 FROM pg_stat_activity WHERE query LIKE '${statement}%' AND wait_event_type = 'Lock'
        AND query_start < now() - interval '${seconds} seconds'`);
      return rows.length > 0;
    });

  test('an index is built while the service runs, and once', async () => {
    await run(create);
    expect(await indexes()).toEqual(['users_by_name']);
    expect(await states()).toEqual(['expanded']);
    // Killed between the index and the note of it: the next run finds it done.
    await database.mark(id, { state: 'expanding' });
    await run(create);
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanded']]);
  });

  test('while it waits for an old transaction, longer than every timeout, writers go on', async () => {
    await service.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    const building = run(create);
    await waits('CREATE INDEX CONC', 1.5);
    // A writer that had to wait for the index would wait for ever: what the index waits for ends below.
    await sql('UPDATE users SET name = $$y$$ WHERE id = 11');
    await service.query('COMMIT');
    await building;
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanded']]);
  });

  test('a build that waits too long gives up, names what it waits for, and leaves no half index', async () => {
    await service.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    await expect(run(create, { lockTotalMs: 1_500 })).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringMatching(
        /^001_fast\.expand\.sql:1: kept waiting for \d+ s: session \d+ of postgres \(shop, idle in transaction/,
      ),
    });
    await service.query('COMMIT');
    await run(create);
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanded']]);
  });

  test('what a build that was cut off left is dropped and built again', async () => {
    await service.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    const cutOff = run(create);
    const ended = expect(cutOff).rejects.toMatchObject({ code: 'unreachable' });
    await waits('CREATE INDEX CONC');
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%'");
    await ended;
    await service.query('COMMIT');
    expect([await indexes(), await states()]).toEqual([['users_by_name invalid'], ['expanding']]);
    await run(create.replace('CONCURRENTLY', 'CONCURRENTLY IF NOT EXISTS'));
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanded']]);
  });

  test('one that another session is building is waited for, not dropped', async () => {
    await service.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    const theirs = sql(create);
    await waits('CREATE INDEX CONC');
    const ours = run(create);
    await shortly(1_000);
    expect(await indexes()).toEqual(['users_by_name invalid']);
    await service.query('COMMIT');
    await Promise.all([theirs, ours]);
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanded']]);
  });

  test('another index of the same name is no success', async () => {
    await sql('CREATE INDEX users_by_name ON users (name)');
    await expect(run(create)).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining(
        'another index of this name is there: CREATE INDEX users_by_name ON public.users USING btree (name)',
      ),
    });
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanding']]);
  });

  test('a unique index over equal rows fails with a sentence, and leaves nothing that refuses writes', async () => {
    await sql("UPDATE users SET name = 'same' WHERE id < 3");
    await expect(run('CREATE UNIQUE INDEX CONCURRENTLY users_by_name ON users (name);')).rejects.toMatchObject({
      code: 'failed',
      message: '001_fast.expand.sql:1: users holds rows that are equal in the columns of the unique index',
    });
    expect(await indexes()).toEqual([]);
    await sql("INSERT INTO users VALUES (5000, 'same')");
  });

  test('stopped while it builds it leaves nothing', async () => {
    await service.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    const stop = new AbortController();
    const stopped = expect(run(create, {}, stop.signal)).rejects.toMatchObject({ code: 'stopped' });
    await waits('CREATE INDEX CONC');
    stop.abort();
    // Its cleaning up waits for the same old transaction, but not for long.
    await shortly(300);
    await service.query('COMMIT');
    await stopped;
    expect([await indexes(), await states()]).toEqual([[], ['expanding']]);
  });

  test('an index is dropped once, by any session', async () => {
    await sql('CREATE INDEX users_by_name ON users (name)');
    for (let round = 0; round < 2; round += 1) {
      await run('DROP INDEX CONCURRENTLY users_by_name;');
      expect([await indexes(), await states()]).toEqual([[], ['expanded']]);
    }
  });

  test('rebuilding an index leaves no copies, also not of one that was cut off', async () => {
    await sql('CREATE INDEX users_by_name ON users (name)');
    await service.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users');
    const rebuild = 'REINDEX INDEX CONCURRENTLY users_by_name;';
    const stopped = expect(run(rebuild)).rejects.toMatchObject({ code: 'unreachable' });
    await waits('REINDEX');
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'REINDEX%'");
    await stopped;
    await service.query('COMMIT');
    expect(await indexes()).toHaveLength(2);
    await run(rebuild);
    expect([await indexes(), await states()]).toEqual([['users_by_name'], ['expanded']]);
  });

  test('a partition that was half detached is detached', async () => {
    await sql(
      `CREATE TABLE days (day int) PARTITION BY RANGE (day); CREATE TABLE day_1 PARTITION OF days FOR VALUES FROM (1) TO (2)`,
    );
    const detach = 'ALTER TABLE days DETACH PARTITION day_1 CONCURRENTLY;';
    await service.query('BEGIN; SELECT count(*) FROM days');
    const cutOff = expect(run(detach)).rejects.toMatchObject({ code: 'unreachable' });
    await waits('ALTER TABLE days DETACH');
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE days DETACH%'");
    await cutOff;
    await service.query('COMMIT');
    expect(await sql('SELECT inhdetachpending FROM pg_inherits')).toEqual([{ inhdetachpending: true }]);
    await run(detach);
    expect([await sql('SELECT 1 FROM pg_inherits'), await states()]).toEqual([[], ['expanded']]);
    await run(detach);
  });

  test('what the server lets into a transaction is one with its row; what it does not is run by itself', async () => {
    await run("UPDATE users SET name = 'z' || pg_sleep(0.7) WHERE id = 1;"); // longer than the limit of a transactional file
    expect(await states()).toEqual(['expanded']);
    await run('VACUUM users;');
    await expect(run('SELECT 1; SELECT 2;')).rejects.toMatchObject({
      code: 'failed',
      message: expect.stringContaining('one statement'),
    });
    await expect(run('UPDATE users SET id = 2 WHERE id = 1;')).rejects.toMatchObject({ code: 'failed' });
  });

  test('VALIDATE in a transactional file takes the time it needs', async () => {
    await sql(`CREATE FUNCTION slowly(int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.002); RETURN true; END';
      CREATE TABLE few AS SELECT n AS id FROM generate_series(1, 400) n;
      ALTER TABLE few ADD CONSTRAINT slow CHECK (slowly(id)) NOT VALID`);
    const file = aSqlFile(id, 'contract', 'ALTER TABLE few VALIDATE CONSTRAINT slow;');
    await database.run(id, file, { state: 'done' }, { limits, signal: never });
    expect(await states()).toEqual(['done']);
  });
});
