// What is pending, run on a copy with data on real servers: times, rows, locks; and the live database is never the copy.

import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTargetMigrator } from '../compose/migrators.ts';
import type { TargetSettings } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { mariadb } from './mariadb/descriptor.ts';
import type { Migrator } from './migrator.ts';
import { postgres } from './postgres/descriptor.ts';
import { sqlite } from './sqlite/descriptor.ts';
import { type MariadbServer, startMariadb } from './testing/mariadb-server.ts';
import { type PostgresServer, startPostgres } from './testing/postgres-server.ts';
import type { TryRequests } from './try-copy.ts';

const password = 'hidden-word';
const signal = new AbortController().signal;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-try-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = {
  '001_users.expand.sql': 'CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(90), nick VARCHAR(20));',
  '002_name.expand.sql': "ALTER TABLE users ADD COLUMN name VARCHAR(90);\nUPDATE users SET nick = 'x' WHERE id <= 3;",
  '002_name.revert.sql': 'ALTER TABLE users DROP COLUMN name;',
  '002_name.backfill.sql': '-- @table users\n-- @key id\nUPDATE users SET name = email WHERE id BETWEEN :from AND :to;',
  '002_name.contract.sql': 'ALTER TABLE users DROP COLUMN email;',
};

function release(version: string, texts: Readonly<Record<string, string>> = files): string {
  const at = join(folder, version);
  mkdirSync(join(at, 'migrations'), { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(at, 'migrations', name), text);
  return at;
}

function migratorOf(driver: 'postgres' | 'mariadb' | 'sqlite', url: string): Migrator {
  const database = {
    ...{ driver, url, scratch: undefined, applicationRole: undefined, migrations: 'migrations' },
    ...{ table: 'schema_migrations', lockTimeoutMs: 500, lockTotalMs: 30_000, statementTimeoutMs: 30_000 },
    rollbackForMs: 0,
    sharedTables: [],
  };
  const slot = { port: 1, envFiles: [] };
  const target = { database, env: { COPY_PASSWORD: password }, slots: { blue: slot, green: slot } };
  return createTargetMigrator(target as unknown as TargetSettings, systemClock, [postgres, mariadb, sqlite]);
}

const tryOn = (migrator: Migrator, copy: string, requests: Partial<TryRequests> = {}, at = release('v1')) =>
  migrator.tryOn(at, { copy, contract: false, revert: false, ...requests }, { signal, say: () => {} });

const rows = "INSERT INTO users (id, email) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')";
const base = { '001_users.expand.sql': files['001_users.expand.sql'] };

describe('PostgreSQL', () => {
  let server: PostgresServer;
  let migrator: Migrator;
  const role = { name: 'shop', password };
  beforeAll(async () => {
    server = await startPostgres('Debian');
    await server.query('postgres', `CREATE ROLE shop LOGIN SUPERUSER PASSWORD '${password}'`);
    await server.query('postgres', 'CREATE DATABASE live');
    migrator = migratorOf('postgres', server.url('live', role));
    await migrator.run(release('v0', base), { kind: 'expand' }, { signal, say: () => {} });
    await server.query('live', rows);
  }, 120_000);
  afterAll(() => server?.stop());
  const copyOfLive = async (): Promise<string> => {
    const name = await server.createDatabase();
    await server.dropDatabase(name);
    await server.query('postgres', `CREATE DATABASE ${name} TEMPLATE live`);
    return name;
  };

  test('reports time, rows and locks of each statement, goes on to the contract, and never touches the live database', async () => {
    const copy = await copyOfLive();
    const report = await tryOn(migrator, server.url(copy, role), { contract: true });
    expect(report).toMatchObject({ ok: true, problem: undefined, waiting: [] });
    expect(report.statements).toEqual([
      expect.objectContaining({
        ...{ file: '002_name.expand.sql', line: 1, rows: undefined, tookMs: expect.any(Number) },
        locks: ['users: AccessExclusiveLock'],
      }),
      expect.objectContaining({
        file: '002_name.expand.sql',
        line: 2,
        rows: 3,
        text: "UPDATE users SET nick = '…' WHERE id <= 3",
      }),
      expect.objectContaining({ file: '002_name.contract.sql', line: 1, locks: ['users: AccessExclusiveLock'] }),
    ]);
    expect(report.steps).toMatchObject([
      { phase: 'expand', ids: ['002_name'] },
      { phase: 'backfill', ids: ['002_name'], rows: 4 },
      { phase: 'contract', ids: ['002_name'] },
    ]);
    expect(await server.query(copy, 'SELECT name FROM users WHERE id = 4')).toEqual([{ name: 'd' }]);
    expect(await server.query('live', 'SELECT * FROM users WHERE id = 1')).toEqual([{ id: 1, email: 'a', nick: null }]);
    expect((await tryOn(migrator, server.url(copy, role))).statements).toEqual([]);
  });

  test('tries the way back too', async () => {
    const copy = await copyOfLive();
    const report = await tryOn(migrator, server.url(copy, role), { revert: true });
    expect(report.steps.map(({ phase }) => phase)).toEqual(['expand', 'backfill', 'revert']);
    expect(await server.query(copy, 'SELECT * FROM users WHERE id = 1')).toEqual([{ id: 1, email: 'a', nick: 'x' }]);
  });

  test('a statement that meets the data fails there, with what ran before it', async () => {
    const copy = await copyOfLive();
    const late = release('v2', {
      ...base,
      '002_key.expand.sql': 'ALTER TABLE users ADD age integer;\nALTER TABLE users ADD tz text NOT NULL;',
      '002_key.revert.sql': 'ALTER TABLE users DROP age;',
    });
    const report = await tryOn(migrator, server.url(copy, role), {}, late);
    expect(report).toMatchObject({ ok: false, problem: expect.stringContaining('002_key.expand.sql:2: column "tz"') });
    expect(report.statements.map(({ line }) => line)).toEqual([1]);
  });

  test.each([
    ['as it is configured', (url: string) => url],
    [
      'under another role and another way of writing it',
      (url: string) => url.replace('shop:hidden-word@localhost', 'postgres@127.0.0.1'),
    ],
    ['with the password in a variable', (url: string) => url.replace(password, `\${COPY_PASSWORD}`)],
  ])('refuses the live database %s', async (_, written) => {
    const refused = tryOn(migrator, written(server.url('live', role)), { contract: true });
    await expect(refused).rejects.toMatchObject({
      code: 'not-allowed',
      message: expect.stringContaining('the live database itself'),
    });
    expect(await server.query('live', 'SELECT * FROM users WHERE id = 1')).toHaveLength(1);
  });

  test.each([
    ['a server that is not there', `postgres://shop:${password}@127.0.0.1:1/shop`, 'unreachable'],
    ['an address that cannot be read', `shop:${password}@db`, 'unreachable'],
    ['a database of another kind', `mariadb://shop:${password}@db/shop`, 'unreachable'],
  ])('%s: says so without the password', async (_, copy, code) => {
    const thrown = (await tryOn(migrator, copy).catch((error: unknown) => error)) as Error;
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(/^the copy: /) });
    expect(JSON.stringify([thrown, thrown.message, thrown.stack])).not.toContain(password);
  });

  test('a live database that cannot be reached: nothing runs on a database that may be the live one', async () => {
    const copy = await copyOfLive();
    const blind = migratorOf('postgres', `postgres://shop:${password}@127.0.0.1:1/live`);
    await expect(tryOn(blind, server.url(copy, role))).rejects.toMatchObject({
      message: expect.stringMatching(/^the live database, from which/),
    });
  });
});

describe('MariaDB', () => {
  let server: MariadbServer;
  beforeAll(async () => {
    server = await startMariadb();
  }, 120_000);
  afterAll(() => server?.stop());

  test('runs there with times and rows, and refuses the live database', async () => {
    const root = await server.connect();
    for (const name of ['live', 'copied']) {
      await root.query(`CREATE DATABASE ${name}`);
      const own = migratorOf('mariadb', server.url(name));
      await own.run(release('v0', base), { kind: 'expand' }, { signal, say: () => {} });
      await root.query(`USE ${name}`);
      await root.query(rows);
    }
    await root.end();
    const migrator = migratorOf('mariadb', server.url('live'));
    const report = await tryOn(migrator, server.url('copied'), { contract: true });
    expect(report.statements).toMatchObject([
      { file: '002_name.expand.sql', line: 1, rows: undefined, locks: undefined },
      { file: '002_name.expand.sql', line: 2, rows: 3 },
      { file: '002_name.contract.sql', line: 1 },
    ]);
    expect(report.steps[1]).toMatchObject({ phase: 'backfill', rows: 4 });
    await expect(tryOn(migrator, server.url('live'))).rejects.toMatchObject({ code: 'not-allowed' });
  });
});

describe('SQLite', () => {
  test('runs there with times and rows, and refuses the live file through any link', async () => {
    const at = (name: string) => join(folder, `${name}.sqlite`);
    for (const name of ['live', 'copied']) {
      const own = migratorOf('sqlite', `sqlite:${at(name)}`);
      await own.run(release('v0', base), { kind: 'expand' }, { signal, say: () => {} });
      const database = new Database(at(name));
      database.exec(rows);
      database.close();
    }
    symlinkSync(at('live'), at('symbolic'));
    linkSync(at('live'), at('hard'));
    const migrator = migratorOf('sqlite', `sqlite:${at('live')}`);
    const report = await tryOn(migrator, `sqlite:${at('copied')}`, { contract: true });
    expect(report.statements).toMatchObject([{ rows: 0 }, { rows: 3, line: 2 }, { file: '002_name.contract.sql' }]);
    for (const name of ['live', 'symbolic', 'hard'])
      await expect(tryOn(migrator, `sqlite:${at(name)}`)).rejects.toMatchObject({ code: 'not-allowed' });
    await expect(tryOn(migrator, `sqlite:${at('nowhere')}`)).rejects.toMatchObject({ code: 'unreachable' });
  });
});
