// What goes wrong around a migration: the state afterwards, and the sentence shown. On a real server.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { neverAborted, testLimits } from '../contract/fixture.ts';
import type { SchemaDatabase } from '../database.ts';
import { aSqlFile } from '../testing/a-migration.ts';
import { type MariadbServer, startMariadb } from '../testing/mariadb-server.ts';
import { readAddress } from './address.ts';
import { readCatalog } from './catalog.ts';
import { ledgerTables, markBegun } from './ledger.ts';
import { openMariadb } from './open.ts';
import { parseMariadb } from './parse.ts';
import { begin } from './probe.ts';
import { connect } from './session.ts';

const id = '001_nick';
const expanded = { state: 'expanded' } as const;
let server: MariadbServer;
let made = 0;
let name = '';
const opened: SchemaDatabase[] = [];

beforeAll(async () => {
  server = await startMariadb();
}, 120_000);
afterAll(() => server.stop());
beforeEach(async () => {
  made += 1;
  name = `failures_${made}`;
  await asRoot(`CREATE DATABASE ${name}`);
  await asRoot(`CREATE TABLE ${name}.users (id INT PRIMARY KEY, name VARCHAR(50))`);
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});

async function asRoot(sql: string): Promise<readonly Record<string, unknown>[]> {
  const connection = await server.connect();
  try {
    const [rows] = await connection.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    await connection.end();
  }
}

async function open(url = server.url(name)): Promise<SchemaDatabase> {
  const database = await openMariadb({ url, table: 'schema_migrations', clock: systemClock });
  opened.push(database);
  return database;
}

async function runExpand(database: SchemaDatabase, text: string, limits = testLimits): Promise<void> {
  await database.mark(id, { state: 'expanding' });
  await database.locked(20_000, neverAborted, () =>
    database.run(id, aSqlFile(id, 'expand', text), expanded, { limits, signal: neverAborted }),
  );
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown as Error,
  );

async function untilSeen(what: string): Promise<number> {
  for (let tries = 0; tries < 400; tries += 1) {
    const [row] = await asRoot(`SELECT ID AS id FROM information_schema.PROCESSLIST WHERE INFO LIKE '${what}%'`);
    if (row) return Number(row.id);
    await systemClock.sleep(25);
  }
  throw new Error(`${what} was never seen on the server`);
}

describe('the way in', () => {
  it('a wrong password is denied, and not repeated', async () => {
    await asRoot(`CREATE USER 'app${made}'@'%' IDENTIFIED BY 'right-one'`);
    const denied = await failure(open(server.url(name, `app${made}`, 'wr0ng:/s3cret')));
    expect(denied).toMatchObject({ name: 'MigrationError', code: 'denied' });
    expect(denied?.message).toContain('Access denied');
    expect(denied?.message).not.toContain('s3cret');
  });

  it('a server that is not there, a database that is not there and an address that is none are unreachable', async () => {
    const urls = ['mariadb://a:s3cret@127.0.0.1:1/shop', server.url('missing'), 'postgres://a:s3cret@b/c', 's3cret'];
    for (const url of urls) {
      const unreachable = await failure(open(url));
      expect(unreachable, url).toMatchObject({ name: 'MigrationError', code: 'unreachable' });
      expect(unreachable?.message).not.toContain('s3cret');
    }
  });

  it('a right that is missing is named, with the file and line', async () => {
    await (await open()).mark('000_first', { state: 'done' });
    await asRoot(`CREATE USER 'poor${made}'@'%' IDENTIFIED BY 'pw'`);
    await asRoot(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO 'poor${made}'@'%'`);
    const poor = await open(server.url(name, `poor${made}`, 'pw'));
    const denied = await failure(runExpand(poor, '\nALTER TABLE users ADD COLUMN nick VARCHAR(20);'));
    expect(denied).toMatchObject({
      code: 'denied',
      message: expect.stringMatching(/001_nick\.expand\.sql:2: ALTER command denied/),
    });
    expect(await poor.ledger()).toMatchObject([{ id: '000_first' }, { id, state: 'expanding' }]);
  });
});

describe('a cut in the middle', () => {
  const slow = `ALTER TABLE users ADD COLUMN nick VARCHAR(20);
INSERT INTO users (id, name) SELECT 100 + SLEEP(30), 'slow';
ALTER TABLE users ADD COLUMN last VARCHAR(20);`;
  const quick = slow.replace(' + SLEEP(30)', '');

  it('a connection that is killed is unreachable; the next run continues with what had not happened', async () => {
    const database = await open();
    const running = failure(runExpand(database, slow));
    await asRoot(`KILL ${await untilSeen('INSERT INTO users')}`);
    expect(await running).toMatchObject({ code: 'unreachable' });
    expect(await database.ledger()).toMatchObject([{ state: 'expanding', statementsDone: 1 }]);
    await runExpand(database, quick);
    expect(await asRoot(`SELECT id, nick, last FROM ${name}.users`)).toEqual([{ id: 100, nick: null, last: null }]);
  });

  it('so is a server that is killed', async () => {
    const database = await open();
    const running = failure(runExpand(database, slow));
    await untilSeen('INSERT INTO users');
    await server.kill();
    expect(await running).toMatchObject({ code: 'unreachable' });
    expect(await failure(database.ledger())).toMatchObject({ code: 'unreachable' });
    await server.restart();
    expect(await database.ledger()).toMatchObject([{ state: 'expanding', statementsDone: 1 }]);
    await runExpand(database, quick);
    expect(await asRoot(`SELECT id, nick, last FROM ${name}.users`)).toEqual([{ id: 100, nick: null, last: null }]);
  });

  /** As a process leaves it that is killed between a statement and its count. */
  async function beganAndEnded(text: string): Promise<SchemaDatabase> {
    const database = await open();
    await database.mark(id, { state: 'expanding' });
    const session = await connect(readAddress(server.url(name)));
    const tables = ledgerTables('schema_migrations');
    const parsed = parseMariadb(text);
    const statement = parsed.ok ? parsed.statements[0] : undefined;
    if (!statement) throw new Error('no statement');
    await markBegun(session, tables, id, begin(statement, 0, await readCatalog(session, tables)));
    await session.ask(statement.text);
    await session.close();
    return database;
  }

  it('a change of the schema that happened but was not counted is seen, and not done twice', async () => {
    for (const text of [
      'ALTER TABLE users ADD COLUMN nick VARCHAR(20);',
      'CREATE INDEX users_name ON users (name);',
      'ALTER TABLE users RENAME INDEX users_name TO users_by_name;',
      'CREATE TRIGGER keep BEFORE INSERT ON users FOR EACH ROW SET NEW.nick = NEW.name;',
      'DROP TRIGGER keep;',
      'RENAME TABLE users TO people;',
      'DROP TABLE people;',
    ]) {
      const database = await beganAndEnded(text);
      await runExpand(database, text);
      expect(await database.ledger(), text).toMatchObject([{ state: 'expanded' }]);
      await database.forget(id);
    }
  });

  it('where the outcome cannot be seen, a person is asked and nothing is done', async () => {
    await asRoot(`CREATE TABLE ${name}.log (n INT)`);
    await asRoot(`CREATE PROCEDURE ${name}.note() INSERT INTO ${name}.log VALUES (1)`);
    const database = await beganAndEnded('CALL note();');
    const asked = await failure(runExpand(database, 'CALL note();'));
    expect(asked).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('cannot be seen whether it happened'),
    });
    expect((asked as Error & { hint: string }).hint).toContain('bg migrate repair');
    expect(await asRoot(`SELECT * FROM ${name}.log`)).toHaveLength(1);
  });
});

describe('a lock', () => {
  it('blocks the step, which names the holder, and the service does not wait long', async () => {
    const holder = await server.connect(name);
    await holder.query('START TRANSACTION');
    await holder.query('SELECT * FROM users');
    const database = await open();
    const running = failure(runExpand(database, 'ALTER TABLE users ADD COLUMN nick VARCHAR(20);'));
    await untilSeen('ALTER TABLE users');
    const began = systemClock.now();
    await asRoot(`SELECT * FROM ${name}.users`);
    // It waits behind the ALTER in the queue, until that gives up after its second.
    expect(systemClock.now() - began).toBeLessThan(30_000);
    expect(await running).toMatchObject({
      code: 'blocked',
      message: expect.stringMatching(
        new RegExp(`connection ${holder.threadId} of root@localhost \\(sleep, for \\d+ s\\)`),
      ),
    });
    await holder.end();
    await runExpand(database, 'ALTER TABLE users ADD COLUMN nick VARCHAR(20);');
  });

  it('of another migrator is named too', async () => {
    const [first, second] = [await open(), await open()];
    await first.locked(1_000, neverAborted, async () => {
      const locked = await failure(second.locked(100, neverAborted, async () => undefined));
      expect(locked).toMatchObject({
        code: 'locked',
        message: expect.stringMatching(/connection \d+ of root@localhost/),
      });
    });
  });
});

describe('a file', () => {
  it('may hold a body with BEGIN and END, and what it sets for its session ends with it', async () => {
    const database = await open();
    const before = await database.verify('SELECT @@SESSION.group_concat_max_len');
    await runExpand(
      database,
      `SET SESSION group_concat_max_len = 4321;
CREATE TABLE seen AS SELECT @@SESSION.group_concat_max_len AS n;
CREATE TRIGGER keep BEFORE INSERT ON users FOR EACH ROW BEGIN
  IF NEW.name IS NULL THEN SET NEW.name = 'none; "x"'; END IF;
  SET NEW.id = CASE WHEN NEW.id > 5 THEN 5 ELSE NEW.id END;
END;
INSERT INTO users (id) VALUES (9);`,
    );
    expect(await asRoot(`SELECT * FROM ${name}.users`)).toEqual([{ id: 5, name: 'none; "x"' }]);
    expect(await database.verify('SELECT n FROM seen')).toBe(4321);
    expect(await database.verify('SELECT @@SESSION.group_concat_max_len')).toBe(before);
  });

  it('may not end the transaction that counts it', async () => {
    const database = await open();
    const refused = await failure(runExpand(database, 'CREATE TABLE a (id INT);\nCOMMIT;'));
    expect(refused).toMatchObject({
      code: 'failed',
      message: expect.stringContaining('001_nick.expand.sql:2: COMMIT'),
    });
    expect(await asRoot(`SHOW TABLES FROM ${name} LIKE 'a'`)).toEqual([]);
  });
});
