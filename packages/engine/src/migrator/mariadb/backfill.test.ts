// Keys of every kind are filled once, in their own order. On a real server.

import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { until } from '../../lib/testing/until.ts';
import { neverAborted, testLimits } from '../contract/fixture.ts';
import type { SchemaDatabase } from '../database.ts';
import type { BackfillFile } from '../files/migration.ts';
import { aMigration } from '../testing/a-migration.ts';
import { type MariadbServer, startMariadb } from '../testing/mariadb-server.ts';
import { openMariadb } from './open.ts';

const id = '001_touch';
let server: MariadbServer;
let service: Connection;
let database: SchemaDatabase;

beforeAll(async () => {
  server = await startMariadb();
  service = await server.connect();
  await service.query('CREATE DATABASE shop CHARACTER SET utf8mb4');
  await service.query('USE shop');
  database = await openMariadb({ url: server.url('shop'), table: 'schema_migrations', clock: systemClock });
}, 120_000);
afterAll(async () => {
  await database.close();
  await service.end();
  await server.stop();
});

const batch = (size: number, table: string) => {
  const text = `UPDATE ${table} SET n = n + 1, note = ':from; :to' WHERE k BETWEEN :from AND :to;`;
  const file = aMigration(id, { backfill: text, backfillOf: { table, key: 'k' } }).backfill as BackfillFile;
  return database.locked(5_000, neverAborted, () =>
    database.backfill(id, file, size, { limits: testLimits, signal: neverAborted }),
  );
};

async function goThrough(table: string): Promise<void> {
  await database.mark(id, { state: 'backfilling', cursor: undefined, rowsDone: 0 });
  for (let batches = 0; (await batch(2, table)).cursor !== undefined; batches += 1) expect(batches).toBeLessThan(20);
}

describe('a key', () => {
  it.each([
    ['a large number', 'BIGINT', ['9007199254740993', '9007199254740994', '-9', '9223372036854775807', '1']],
    ['an unsigned one', 'BIGINT UNSIGNED', ['18446744073709551615', '18446744073709551614', '3']],
    ['a decimal', 'DECIMAL(40,20)', ['1.00000000000000000001', '1.00000000000000000002', '-2.5', '3']],
    ['bytes', 'BINARY(4)', ["X'00000000'", "X'27005C27'", "X'FF00FF00'", "X'80000001'"]],
    ['a uuid', 'UUID', ["'00000000-0000-4000-8000-000000000001'", "'ffffffff-0000-4000-8000-000000000000'", 'UUID()']],
    ['a moment', 'DATETIME(6)', ["'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'", "'1999-12-31'"]],
    ['a text with quotes', 'VARCHAR(20)', ["'a''b'", "'\\\\'", "'%'", "'Zoë'", "'🎈'"]],
  ])('of %s', async (_, type, keys) => {
    const table = `t_${type.toLowerCase().replaceAll(/\W/g, '_')}`;
    await service.query(`CREATE TABLE ${table} (k ${type} PRIMARY KEY, n INT NOT NULL DEFAULT 0, note VARCHAR(20))`);
    await service.query(`INSERT INTO ${table} (k) VALUES ${keys.map((key) => `(${key})`).join(', ')}`);
    await goThrough(table);
    expect(await database.verify(`SELECT COUNT(*) FROM ${table} WHERE n = 1 AND note = ':from; :to'`)).toBe(
      keys.length,
    );
    expect(await database.ledger()).toMatchObject([{ rowsDone: keys.length }]);
  });

  it('of a table without transactions is refused, and one that does not exist is named', async () => {
    await service.query('CREATE TABLE aria (k INT PRIMARY KEY, n INT DEFAULT 0, note VARCHAR(20)) ENGINE = Aria');
    await expect(goThrough('aria')).rejects.toMatchObject({ code: 'failed', message: expect.stringContaining('Aria') });
    await expect(goThrough('missing')).rejects.toMatchObject({ message: expect.stringContaining('no column k') });
  });

  it('whose rows another session waits for makes the next batch wait', async () => {
    await service.query('CREATE TABLE busy (k INT PRIMARY KEY, n INT DEFAULT 0, note VARCHAR(20))');
    await service.query('INSERT INTO busy (k) VALUES (1), (2), (3)');
    // The last row waits until the test has seen that another session waits for the first.
    const watcher = await server.connect('shop');
    await watcher.query("SELECT GET_LOCK('gate', 0)");
    await service.query(
      "CREATE TRIGGER held BEFORE UPDATE ON busy FOR EACH ROW SET NEW.n = NEW.n + IF(NEW.k = 3, GET_LOCK('gate', 60) - 1, 0)",
    );
    const seen = (question: string) =>
      until(async () => {
        const [rows] = await watcher.query(question);
        return (rows as unknown[]).length > 0;
      });
    await database.mark(id, { state: 'backfilling', cursor: undefined, rowsDone: 0 });
    const running = batch(3, 'busy');
    await seen("SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'");
    const deleting = service.query('DELETE FROM busy WHERE k = 1');
    await seen("SHOW GLOBAL STATUS WHERE Variable_name = 'Innodb_row_lock_current_waits' AND Value > 0");
    await watcher.query("SELECT RELEASE_LOCK('gate')");
    expect(await running).toMatchObject({ rows: 3, pressed: true });
    await deleting;
    await watcher.end();
  });
});
