import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { expand } from '../phases/expand.ts';
import { aMigration } from '../testing/a-migration.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres-server.ts';
import { postgresDialect } from './dialect.ts';
import { openPostgres } from './open.ts';

let server: PostgresServer;
let database: string;
const clients: Client[] = [];

beforeAll(async () => {
  server = await startPostgres('Debian');
  database = await server.createDatabase();
  await server.query(database, "CREATE TABLE users (id bigint, email text); CREATE ROLE narrow LOGIN PASSWORD 'x'");
});
afterAll(async () => {
  for (const client of clients) await client.end().catch(() => undefined);
  await server?.stop();
});

async function session(application: string): Promise<Client> {
  const client = new Client({ connectionString: server.url(database), application_name: application });
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

async function activity(role?: { name: string; password: string }) {
  const opened = await openPostgres({
    url: server.url(database, role),
    table: 'schema_migrations',
    clock: systemClock,
  });
  try {
    return await opened.activity();
  } finally {
    await opened.close();
  }
}

test('it names the head of a queue, those behind it and how deep, and shows no value that a service sent', async () => {
  const holder = await session('nightly report');
  await holder.query("BEGIN; LOCK TABLE users; SELECT 'of-the-holder'");
  const first = await session('shop one');
  const second = await session('shop two');
  void first.query('ALTER TABLE users ADD COLUMN nick text').catch(() => undefined);
  await vi.waitFor(async () => expect((await activity()).sessions).toHaveLength(2), { timeout: 20_000 });
  void second.query("SELECT * FROM users WHERE email = 'anna@example.com' /* token */").catch(() => undefined);
  const seen = await vi.waitFor(
    async () => {
      const found = await activity();
      expect(found.sessions.map(({ depth }) => depth)).toEqual([0, 1, 2]);
      return found;
    },
    { timeout: 20_000 },
  );
  expect(seen.sessions[0]).toMatchObject({ who: 'postgres (nightly report)', state: 'idle in transaction', blocks: 2 });
  expect(seen.sessions[2]).toMatchObject({ waitsFor: 'relation', query: 'SELECT * FROM users WHERE email = ?' });
  expect(seen.connections).toMatchObject({ most: 60 });
  expect(seen.connections?.used).toBeGreaterThanOrEqual(4);
  expect(JSON.stringify(seen)).not.toMatch(/anna|of-the-holder|token/);

  const narrow = await activity({ name: 'narrow', password: 'x' });
  expect(narrow.notSeen).toEqual([expect.stringContaining('pg_read_all_stats')]);
  await holder.query('ROLLBACK');
});

test('a step that waits for a lock reports the activity of the database, and so does its failure', async () => {
  const holder = await session('forgotten console');
  await holder.query('BEGIN; LOCK TABLE users');
  const opened = await openPostgres({ url: server.url(database), table: 'schema_migrations', clock: systemClock });
  const said: string[] = [];
  const failed = expand(
    {
      database: opened,
      dialect: postgresDialect,
      clock: systemClock,
      limits: { lockTimeoutMs: 200, lockTries: 100, lockTotalMs: 6_000, statementTimeoutMs: 10_000 },
      lockWaitMs: 10_000,
      sharedTables: [],
      signal: new AbortController().signal,
      say: (event) => said.push(event.kind === 'warning' ? event.sentence : event.kind),
    },
    [aMigration('001_nick', { expand: 'ALTER TABLE users ADD COLUMN other text;' })],
  );
  await expect(failed).rejects.toMatchObject({
    code: 'blocked',
    message: expect.stringMatching(/forgotten console.*; in the database: .*1 idle in a transaction/),
    hint: expect.stringContaining('bg migrate activity'),
  });
  expect(said).toContainEqual(expect.stringMatching(/^takes long; in the database: .*1 idle in a transaction/));
  await holder.query('ROLLBACK');
  await opened.close();
});

test('it follows the build of an index', async () => {
  await server.query(database, 'CREATE TABLE items AS SELECT n AS id FROM generate_series(1, 50000) n');
  const reader = await session('reader');
  await reader.query('BEGIN; INSERT INTO items VALUES (0)');
  const builder = await session('builder');
  void builder.query('CREATE INDEX CONCURRENTLY items_id ON items (id)').catch(() => undefined);
  await vi.waitFor(
    async () => {
      const [build] = (await activity()).indexBuilds;
      expect(build).toMatchObject({ table: 'items', phase: expect.stringContaining('waiting for') });
    },
    { timeout: 20_000 },
  );
  await reader.query('ROLLBACK');
});
