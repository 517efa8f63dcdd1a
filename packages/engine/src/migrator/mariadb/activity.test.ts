import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { type MariadbServer, startMariadb } from '../testing/mariadb-server.ts';
import { openMariadb } from './open.ts';

let server: MariadbServer;
const connections: Connection[] = [];

beforeAll(async () => {
  server = await startMariadb();
  const admin = await session();
  await admin.query('CREATE DATABASE shop');
  await admin.query('CREATE TABLE shop.users (id INTEGER PRIMARY KEY, email VARCHAR(50))');
  await admin.query("INSERT INTO shop.users VALUES (1, 'x')");
}, 120_000);
afterAll(async () => {
  for (const connection of connections) connection.destroy();
  await server?.stop();
});

async function session(database?: string): Promise<Connection> {
  const connection = await server.connect(database);
  connections.push(connection);
  return connection;
}

async function activity() {
  const opened = await openMariadb({ url: server.url('shop'), table: 'schema_migrations', clock: systemClock });
  try {
    return await opened.activity();
  } finally {
    await opened.close();
  }
}

test('it names the sessions that wait for a row or a table, and shows no value that a service sent', async () => {
  const holder = await session('shop');
  await holder.query('BEGIN');
  await holder.query("UPDATE users SET email = 'of-the-holder' WHERE id = 1");
  const row = await session('shop');
  void row.query("UPDATE users SET email = 'anna@example.com' WHERE id = 1").catch(() => undefined);
  const table = await session('shop');
  void table.query("ALTER TABLE users ADD COLUMN nick VARCHAR(20) DEFAULT 'secret'").catch(() => undefined);
  const seen = await vi.waitFor(
    async () => {
      const found = await activity();
      expect(found.sessions.filter(({ waitsFor }) => waitsFor !== undefined)).toHaveLength(2);
      return found;
    },
    { timeout: 20_000 },
  );
  expect(seen.sessions[0]).toMatchObject({ state: 'idle in transaction', id: String(holder.threadId) });
  expect(seen.sessions[0]?.blocks).toBeGreaterThanOrEqual(1);
  const waiting = new Map(seen.sessions.map((each) => [each.id, each]));
  expect(waiting.get(String(row.threadId))).toMatchObject({ waitsFor: 'a row', blockedBy: [String(holder.threadId)] });
  expect(waiting.get(String(table.threadId))?.waitsFor).toMatch(/metadata lock/);
  expect(seen.connections?.most).toBeGreaterThan(10);
  expect(JSON.stringify(seen)).not.toMatch(/anna|of-the-holder|secret/);
  await holder.query('ROLLBACK');
});
