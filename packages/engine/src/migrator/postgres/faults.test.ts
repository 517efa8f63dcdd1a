// What goes wrong at a real server: the state afterwards, and the sentence shown.

import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../lib/testing/until.ts';
import { runMigrator } from '../contract/migrator-process.ts';
import type { SchemaDatabase } from '../database.ts';
import { MigrationError } from '../error.ts';
import { aMigration, aSqlFile } from '../testing/a-migration.ts';
import { open } from '../testing/postgres-opener.ts';
import { oneSource, type PostgresServer, startPostgres } from '../testing/postgres-server.ts';

const id = '001_nick';
const expanded = { state: 'expanded' } as const;
const limits = { lockTimeoutMs: 200, lockTries: 3, lockTotalMs: 5_000, statementTimeoutMs: 30_000 };
const never = new AbortController().signal;
const addNick = 'ALTER TABLE users ADD COLUMN nick text;';

async function refusal(work: Promise<unknown>): Promise<MigrationError> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof MigrationError)) throw new Error('not refused', { cause: thrown });
  return thrown;
}

describe.each(oneSource)('PostgreSQL of %s', (source) => {
  let server: PostgresServer;
  let name: string;
  let database: SchemaDatabase;
  const opened: SchemaDatabase[] = [];
  const clients: Client[] = [];

  beforeAll(async () => {
    server = await startPostgres(source);
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    name = await server.createDatabase();
    database = await openAs();
    await sql(
      'CREATE TABLE users (id int PRIMARY KEY, name text); INSERT INTO users SELECT n, $$x$$ FROM generate_series(1, 100) n',
    );
    await database.mark(id, { state: 'expanding' });
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    for (const each of clients.splice(0)) await each.end().catch(() => undefined);
    await server.dropDatabase(name);
  });

  const sql = (text: string) => server.query(name, text);
  async function openAs(role?: { readonly name: string; readonly password: string }): Promise<SchemaDatabase> {
    const { database: each } = await open(server.url(name, role));
    opened.push(each);
    return each;
  }
  /** A session of the service. */
  async function connect(application: string): Promise<Client> {
    const client = new Client({ connectionString: server.url(name), application_name: application });
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  }
  const run = (text: string, through = database, signal = never) =>
    through.locked(5_000, signal, () => through.run(id, aSqlFile(id, 'expand', text), expanded, { limits, signal }));
  /** Whether a session waits for a lock of another. */
  const isWaiting = async () =>
    (await sql("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))
      .length > 0;
  const columns = async () =>
    (
      await sql(
        `SELECT attname FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped`,
      )
    ).map(({ attname }) => attname);

  test.each(['RESET ALL', "SELECT set_config('lock_timeout', '0', false)", "SET lock_timeout = '1h'"])(
    'a file that takes the limit of locks back does not wait for a reader: %s',
    async (statement) => {
      const reader = await connect('reader');
      await reader.query('BEGIN; SELECT 1 FROM users');
      const thrown = await refusal(run(`${statement}; ALTER TABLE users ADD COLUMN z int;`));
      expect(thrown).toMatchObject({ code: 'blocked', message: expect.stringContaining('3 tries of 200 ms') });
      await reader.query('ROLLBACK');
      expect(await columns()).not.toContain('z');
    },
  );

  test('the holder of the lock is named, with its activity and for how long, and without data', async () => {
    const holder = await connect('reports');
    await holder.query("BEGIN; SELECT name FROM users WHERE name = 'secret of Ann' AND id > 918273");
    const { code, message, hint } = await refusal(run(addNick));
    expect(code).toBe('blocked');
    expect(message).toMatch(
      /^001_nick\.expand\.sql:1: no lock in 3 tries of 200 ms within \d s: session \d+ of postgres/,
    );
    expect(message).toMatch(
      /\(reports, idle in transaction for \d+ s, last statement: .*SELECT name FROM users WHERE name = \?/,
    );
    expect(message).not.toMatch(/secret|918273/);
    expect(hint).toMatch(/next run tries again/);
    expect(await columns()).not.toContain('nick');
  });

  test('while it waits for the lock no other session waits longer than its lock timeout', async () => {
    const holder = await connect('reports');
    await holder.query('BEGIN; SELECT count(*) FROM users');
    const blocked = refusal(run(addNick));
    const reader = await connect('shop');
    const waits: number[] = [];
    let isOver = false;
    const over = blocked.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const at = performance.now();
      await reader.query('SELECT name FROM users WHERE id = 1');
      waits.push(performance.now() - at);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await over).toMatchObject({ code: 'blocked' });
    expect(waits.length).toBeGreaterThan(3);
    // 200 ms and what a busy machine adds; without the timeout it would be until the holder ends.
    expect(Math.max(...waits)).toBeLessThan(20_000);
  });

  test('a lock that is given back in time lets the same run through', async () => {
    const holder = await connect('reports');
    await holder.query('BEGIN; SELECT count(*) FROM users');
    const patient = { ...limits, lockTries: 1_000, lockTotalMs: 60_000 };
    const running = database.locked(5_000, never, () =>
      database.run(id, aSqlFile(id, 'expand', addNick), expanded, { limits: patient, signal: never }),
    );
    await until(isWaiting);
    await holder.query('COMMIT');
    await running;
    expect(await columns()).toContain('nick');
    expect(await database.ledger()).toMatchObject([{ state: 'expanded' }]);
  });

  test('another migrator is named by its session', async () => {
    const other = await openAs();
    await database.locked(1_000, never, async () => {
      const { code, message } = await refusal(other.locked(300, never, async () => 'both'));
      expect(code).toBe('locked');
      expect(message).toMatch(
        /another migration of this database is running: session \d+ of postgres \(bluegreen-migrator, idle/,
      );
    });
  });

  test('a wrong password is refused without showing it', async () => {
    await sql("DROP ROLE IF EXISTS shop; CREATE ROLE shop LOGIN PASSWORD 'right'");
    const { code, message, hint, cause } = await refusal(openAs({ name: 'shop', password: 'wr0ng/p@ss' }));
    expect(code).toBe('denied');
    expect(message).toMatch(/password authentication failed for user "shop"/);
    expect(`${message} ${hint} ${String(cause)}`).not.toMatch(/wr0ng|p@ss/);
  });

  test('a role without rights learns which right it lacks, and nothing of the file remains', async () => {
    await sql(`DROP ROLE IF EXISTS shop; CREATE ROLE shop LOGIN PASSWORD 'right';
      GRANT USAGE ON SCHEMA public TO shop; GRANT ALL ON schema_migrations, schema_migrations_catalog TO shop;
      GRANT CREATE ON SCHEMA public TO shop`);
    const shop = await openAs({ name: 'shop', password: 'right' });
    const { code, message, hint } = await refusal(run(`CREATE TABLE orders (id int);\n${addNick}`, shop));
    expect(code).toBe('denied');
    expect(message).toContain('001_nick.expand.sql:2: must be owner of table users');
    expect(hint).toMatch(/owner/);
    expect(await sql("SELECT to_regclass('orders') AS there")).toEqual([{ there: null }]);
    await sql('REVOKE CREATE ON SCHEMA public FROM shop; DROP OWNED BY shop; DROP ROLE shop');
  });

  test('a role that may not make the ledger gets that error', async () => {
    await sql(`DROP ROLE IF EXISTS shop; CREATE ROLE shop LOGIN PASSWORD 'right'; REVOKE CREATE ON SCHEMA public FROM public;
      DROP TABLE schema_migrations, schema_migrations_catalog`);
    const shop = await openAs({ name: 'shop', password: 'right' });
    expect(await shop.ledger()).toEqual([]);
    expect(await refusal(shop.mark(id, expanded))).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('permission denied for schema public'),
    });
  });

  test('a table of the ledger’s name that belongs to another program is not touched', async () => {
    await sql('DROP TABLE schema_migrations; CREATE TABLE schema_migrations (version text)');
    expect(await refusal(database.ledger())).toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('it has the columns version'),
    });
  });

  test('a dropped connection in the middle leaves nothing; the next run continues with the same driver', async () => {
    const running = refusal(run(`${addNick}\nSELECT pg_sleep(60);`));
    await untilSleeping();
    await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%'");
    const { code, message, hint } = await running;
    expect(code).toBe('unreachable');
    expect(message).toContain('001_nick.expand.sql:2');
    expect(hint).toMatch(/next run goes on/);
    expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
    expect(await columns()).not.toContain('nick');
    await run(addNick);
    expect(await columns()).toContain('nick');
  });

  test('what is asked under the lock after the connection was lost is refused: another may have the lock', async () => {
    await database.locked(1_000, never, async () => {
      await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bluegreen-migrator'");
      await expect(database.mark(id, { state: 'done' })).rejects.toMatchObject({ code: 'unreachable' });
      expect(await refusal(database.mark(id, { state: 'done' }))).toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('the connection that held the migrators’ lock was lost'),
      });
    });
    expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
  });

  test('a killed server leaves nothing half done, and is reported as unreachable until it is back', async () => {
    const running = refusal(run(`${addNick}\nSELECT pg_sleep(60);`));
    await untilSleeping();
    await server.crash();
    expect(await running).toMatchObject({ code: 'unreachable' });
    expect(await refusal(database.ledger())).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(`database ${name}`),
    });
    await server.start();
    expect(await database.ledger()).toMatchObject([{ state: 'expanding' }]);
    expect(await columns()).not.toContain('nick');
    await run(addNick);
    expect(await columns()).toContain('nick');
  });

  test('a database that is not there, and an address that is none', async () => {
    expect(await refusal(open(server.url('nowhere')))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('"nowhere" does not exist'),
    });
    const { code, message, hint } = await refusal(open('postgres://shop:s3cret@[broken/app'));
    expect([code, message]).toEqual(['unreachable', 'the address of the database cannot be read']);
    expect(hint).not.toContain('s3cret');
    expect(await refusal(open('postgres://shop:s3cret@127.0.0.1:1/app'))).toMatchObject({
      code: 'unreachable',
      message: 'database app on 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    });
  });

  test('a server that only reads is reported as such', async () => {
    await sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await refusal((await openAs()).mark(id, expanded))).toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('primary'),
    });
  });

  test('a file that ends the engine’s transaction is not begun', async () => {
    expect(await refusal(run(`${addNick}\nCOMMIT;`))).toMatchObject({
      code: 'failed',
      message: expect.stringMatching(/^001_nick\.expand\.sql:2: /),
    });
    expect(await columns()).not.toContain('nick');
  });

  test('what a file sets for the session does not reach the next one', async () => {
    await run("SET search_path = elsewhere; SET statement_timeout = '1ms'; SET ROLE pg_monitor;");
    await run(addNick);
    expect(await columns()).toContain('nick');
    expect(await database.ledger()).toMatchObject([{ state: 'expanded' }]);
  });

  test('a mistake within a statement is reported with its line', async () => {
    const { message } = await refusal(run('SELECT 1;\n\nUPDATE users\nSET name = upper(name),\n  missing = 1;'));
    expect(message).toContain('001_nick.expand.sql:5: column "missing"');
  });

  test('a batch that another session waits for says so', async () => {
    // The last row waits until the test has seen that another session waits for the first.
    await sql(`CREATE TABLE released (at int); CREATE FUNCTION held() RETURNS text LANGUAGE plpgsql AS
      'BEGIN WHILE NOT EXISTS (SELECT 1 FROM released) LOOP PERFORM pg_sleep(0.02); END LOOP; RETURN ''''; END'`);
    const file = aMigration(id, {
      backfill:
        "UPDATE users SET name = 'y' || CASE WHEN id = 45 THEN held() ELSE '' END WHERE id BETWEEN :from AND :to;",
    }).backfill;
    if (!file) throw new Error('no backfill');
    const batch = (size: number) => database.backfill(id, file, size, { limits, signal: never });
    expect(await batch(5)).toMatchObject({ pressed: false, cursor: '5' });
    const writer = await connect('shop');
    const slow = batch(40);
    await until(async () => (await sql("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")).length > 0);
    const writing = writer.query("UPDATE users SET name = 'z' WHERE id = 6");
    await until(isWaiting);
    await sql('INSERT INTO released VALUES (1)');
    expect(await slow).toMatchObject({ pressed: true, cursor: '45' });
    await writing;
  });

  test('two migrators at once share a backfill: each row is filled once', async () => {
    await sql('ALTER TABLE users ADD COLUMN touched int NOT NULL DEFAULT 0');
    const backfill = 'UPDATE users SET touched = touched + 1 WHERE id BETWEEN :from AND :to;';
    const migration = aMigration('002_touch', { backfill, backfillOf: { batch: 3 } });
    await database.mark(id, { state: 'done' });
    await database.mark(migration.id, { state: 'expanded' });
    const opener = { module: join(import.meta.dirname, '../testing/postgres-opener.ts'), options: server.url(name) };
    const both = await Promise.all([1, 2].map(() => runMigrator({ opener }, 'backfill', [migration])));
    for (const { code, stderr } of both) expect(code, stderr).toBe(0);
    expect(await sql('SELECT touched, count(*)::int AS n FROM users GROUP BY 1')).toEqual([{ touched: 1, n: 100 }]);
    expect((await database.ledger())[1]).toMatchObject({ state: 'done', rowsDone: 100 });
  });

  async function untilSleeping(): Promise<void> {
    const sleeping =
      "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND wait_event = 'PgSleep'";
    await until(async () => (await sql(sleeping)).length > 0);
  }
});
