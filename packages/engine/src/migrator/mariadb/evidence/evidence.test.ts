// The server as judge, on a copy; and proof that it is right: old releases fail, writers wait, or no service notices.

import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import type { ScratchCopy } from '../../evidence/scratch.ts';
import { aRelease } from '../../evidence/testing-release.ts';
import { validateCompatibility } from '../../evidence/validate.ts';
import type { Stage } from '../../files/migration.ts';
import { aMigration, aSqlFile } from '../../testing/a-migration.ts';
import { type MariadbServer, startMariadb } from '../../testing/mariadb-server.ts';
import { mariadbDialect } from '../dialect.ts';
import { createMariadbScratch } from './server.ts';
import { readMariadbUse } from './use.ts';

const never = new AbortController().signal;
const poll = { timeout: 120_000, interval: 10 };
let server: MariadbServer;
let service: Connection;
let made = 0;
let name = '';
let copy: ScratchCopy | undefined;

beforeAll(async () => {
  server = await startMariadb();
}, 120_000);
afterAll(() => server.stop());
beforeEach(async () => {
  made += 1;
  name = `shop_${made}`;
  service = await server.connect();
  await service.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  await service.query(`USE ${name}`);
  await service.query(`CREATE TABLE users (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50), age INT DEFAULT 1,
    kind ENUM('a', 'b'), note VARCHAR(20) DEFAULT 'none')`);
});
afterEach(async () => {
  await copy?.drop();
  copy = undefined;
  await service.end();
});

const scratch = (allowSameServer = true) =>
  createMariadbScratch({
    scratchUrl: server.url(name),
    productionUrl: server.url(name),
    allowSameServer,
    table: 'schema_migrations',
    clock: systemClock,
  });
const expand = (text: string, stage: Stage = 'expand') => aSqlFile('001_change', stage, text);
const rowsOf = async (sql: string, connection = service) => {
  const [rows] = await connection.query(sql);
  return rows as Record<string, unknown>[];
};

describe('the server is asked', () => {
  it.each([
    ['ALTER TABLE users ADD COLUMN nick VARCHAR(20)', 'ALGORITHM=INSTANT, LOCK=NONE'],
    ["ALTER TABLE users ADD COLUMN nick VARCHAR(20) NOT NULL DEFAULT 'x' FIRST", 'ALGORITHM=INSTANT, LOCK=NONE'],
    ['ALTER TABLE users DROP COLUMN age', 'ALGORITHM=INSTANT, LOCK=NONE'],
    ['ALTER TABLE users MODIFY name VARCHAR(60)', 'ALGORITHM=INSTANT, LOCK=NONE'],
    ["ALTER TABLE users MODIFY kind ENUM('a', 'b', 'c')", 'ALGORITHM=INSTANT, LOCK=NONE'],
    ['ALTER TABLE users ADD INDEX i (name)', 'ALGORITHM=NOCOPY, LOCK=NONE'],
    ['CREATE UNIQUE INDEX i ON users (name)', 'ALGORITHM=NOCOPY, LOCK=NONE'],
    ['ALTER TABLE users MODIFY age INT NOT NULL', 'ALGORITHM=INPLACE, LOCK=NONE'],
  ])('%s: %s, and no writer waits', async (text, lock) => {
    copy = await scratch().copy(never);
    const applied = await copy.apply(expand(`-- why\n${text};`));
    expect(applied).toMatchObject({ ok: true, traces: [{ line: 2, table: 'users', lock, blocksWrites: false }] });
  });

  it.each([
    ['ALTER TABLE users MODIFY name VARCHAR(20)', 'Cannot change column type'],
    // Past 255 bytes a length takes two: no table of rules knows the character set.
    ['ALTER TABLE users MODIFY name VARCHAR(300)', 'Cannot change column type'],
    ['ALTER TABLE users MODIFY age BIGINT', 'Cannot change column type'],
    ["ALTER TABLE users MODIFY kind ENUM('b', 'a')", 'Cannot change column type'],
    ['ALTER TABLE users ADD twice INT AS (age * 2) STORED', 'is not supported'],
    ['ALTER TABLE users ADD CHECK (age > 0)', 'is not supported'],
    ['ALTER TABLE users CONVERT TO CHARACTER SET latin1', 'is not supported'],
    ['ALTER TABLE users ADD FULLTEXT (name)', 'is not supported'],
  ])('%s keeps writers waiting, in its words: %s', async (text, sentence) => {
    copy = await scratch().copy(never);
    const applied = await copy.apply(expand(`${text};`));
    expect(applied).toMatchObject({
      ok: true,
      traces: [{ blocksWrites: true, scanned: true, lock: expect.stringMatching(/LOCK=SHARED \(.+\)/) }],
    });
    expect(JSON.stringify(applied)).toContain(sentence);
  });

  it('but not where the author has said how', async () => {
    copy = await scratch().copy(never);
    const online = await copy.apply(expand('ALTER TABLE users ADD INDEX i (name), ALGORITHM=NOCOPY, LOCK=NONE;'));
    expect(online).toEqual({ ok: true, traces: [] });
    expect(await copy.apply(expand('ALTER TABLE users MODIFY age BIGINT, LOCK=NONE;'))).toMatchObject({
      ok: false,
      line: 1,
    });
  });
});

describe('a copy', () => {
  it('has the schema and no row, and is gone afterwards', async () => {
    await service.query("INSERT INTO users (name) VALUES ('secret')");
    await service.query(
      'CREATE TABLE orders (id INT PRIMARY KEY, user_id INT, FOREIGN KEY (user_id) REFERENCES users (id), CHECK (id > 0))',
    );
    await service.query('CREATE VIEW z_names AS SELECT name FROM users');
    await service.query('CREATE VIEW a_names AS SELECT name FROM z_names');
    await service.query('CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1');
    await service.query('CREATE TRIGGER fill BEFORE INSERT ON users FOR EACH ROW SET NEW.age = one()');
    copy = await scratch().copy(never);
    const shape = await copy.shape();
    expect(shape.relations).toMatchObject({
      users: { kind: 'table' },
      orders: {},
      a_names: { kind: 'view' },
      z_names: {},
    });
    expect(shape.columns['users.id']).toEqual({
      table: 'users',
      type: 'int(11)',
      notNull: true,
      fallback: 'row number',
      position: 1,
    });
    expect(shape.columns['users.name']).toMatchObject({ notNull: false, fallback: undefined });
    expect(
      Object.values(shape.rules)
        .filter(({ table }) => !table.startsWith('schema_migrations'))
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['check', 'foreign key', 'trigger', 'unique', 'unique']);
    expect(shape.rules['trigger fill on users']).toMatchObject({ fillsInserts: true });
    expect(Object.keys(shape.routines)).toEqual(['one']);
    await copy.lend(async (url) => {
      const other = await server.connect(new URL(url).pathname.slice(1));
      expect(await rowsOf('SELECT * FROM users', other)).toEqual([]);
      await other.end();
    });
    await copy.drop();
    copy = undefined;
    expect(await rowsOf("SHOW DATABASES LIKE 'bg_scratch_%'")).toEqual([]);
  });

  it('is as it was after a file that fails', async () => {
    copy = await scratch().copy(never);
    const before = await copy.shape();
    const applied = await copy.apply(
      expand('ALTER TABLE users ADD a INT;\nDROP DATABASE mysql;\nALTER TABLE missing ADD b INT;'),
    );
    expect(applied).toMatchObject({ ok: false, line: 3, sentence: expect.stringContaining('missing') });
    expect(await copy.shape()).toEqual(before);
    expect(await rowsOf("SHOW DATABASES LIKE 'mysql'")).toHaveLength(1);
  });

  it('prepares the statements of a release, and refuses by name what does not fit', async () => {
    copy = await scratch().copy(never);
    await copy.apply(expand('ALTER TABLE users DROP COLUMN age;'));
    expect(
      await copy.prepare([
        'SELECT name FROM users WHERE id = ?',
        "INSERT INTO users (age) VALUES ('?')",
        'SET @a = 1',
        'SELEC',
      ]),
    ).toEqual([
      { kind: 'fits' },
      { kind: 'refused', sentence: expect.stringContaining("Unknown column 'age'") },
      { kind: 'skipped' },
      { kind: 'skipped' },
    ]);
    const backfill = 'UPDATE users SET age = 1 WHERE id BETWEEN :from AND :to;';
    expect(await copy.apply(expand(backfill, 'backfill'))).toMatchObject({
      ok: false,
      sentence: expect.stringContaining('age'),
    });
  });

  it('is never made on the production server, unless a person says so; what crashed runs left is deleted', async () => {
    await expect(scratch(false).copy(never)).rejects.toMatchObject({ name: 'MigrationError', code: 'not-allowed' });
    await service.query('CREATE DATABASE bg_scratch_1000_0123abcd');
    copy = await scratch().copy(never);
    expect(await rowsOf("SHOW DATABASES LIKE 'bg_scratch_1000_%'")).toEqual([]);
  });
});

describe('a hazard is one', () => {
  const oldInsert = "INSERT INTO users (name) VALUES ('from the old release')";
  const safeForm = (text: string) =>
    mariadbDialect.lint([aMigration('001_change', { expand: `${text};`, revert: 'SELECT 1;' })])[0]?.safe ?? '';
  /** Of the expand step: the statements that it holds, one by one. */
  async function runSafe(safe: string, stage: 'expand' | 'contract'): Promise<void> {
    const section = safe.split(/^-- (?=expand|backfill|contract)/m).find((each) => each.startsWith(stage)) ?? '';
    const split = mariadbDialect.split(section.slice(section.indexOf('\n')));
    if (!split.ok || split.statements.length === 0) throw new Error(`no ${stage} in ${safe}`);
    for (const { text } of split.statements) await service.query(text);
  }

  it('adding-required-field: the server takes it at once, and refuses the old INSERT; the safe form does not', async () => {
    const text = 'ALTER TABLE users ADD COLUMN nick VARCHAR(20) NOT NULL';
    await service.query(`${text}, ALGORITHM=INSTANT`);
    await expect(service.query(oldInsert)).rejects.toMatchObject({ errno: 1364 });
    await service.query('ALTER TABLE users DROP COLUMN nick');
    await runSafe(safeForm(text), 'expand');
    await service.query(oldInsert);
  });

  it('renaming-column: the old release fails; with the safe form both write and read the same', async () => {
    const text = 'ALTER TABLE users CHANGE name full_name VARCHAR(50)';
    await service.query(text);
    await expect(service.query(oldInsert)).rejects.toMatchObject({ errno: 1054 });
    await service.query('ALTER TABLE users RENAME COLUMN full_name TO name');
    const safe = safeForm(text);
    await runSafe(safe, 'expand');
    await service.query("INSERT INTO users (id, name) VALUES (1, 'old')");
    await service.query("INSERT INTO users (id, full_name) VALUES (2, 'new')");
    await service.query("UPDATE users SET full_name = 'new says' WHERE id = 1");
    await service.query("UPDATE users SET name = 'old says' WHERE id = 2");
    expect(await rowsOf('SELECT name, full_name FROM users ORDER BY id')).toEqual([
      { name: 'new says', full_name: 'new says' },
      { name: 'old says', full_name: 'old says' },
    ]);
    await runSafe(safe, 'contract');
    expect(await rowsOf('SELECT full_name FROM users WHERE id = 2')).toEqual([{ full_name: 'old says' }]);
  });

  const largeTable = (rows: number) => [
    'CREATE OR REPLACE TABLE large (id INT PRIMARY KEY, name VARCHAR(200), n INT DEFAULT 1)',
    `INSERT INTO large (id, name) SELECT seq, RPAD(seq, 150, SHA1(seq)) FROM seq_1_to_${rows}`,
  ];

  /**
   * A write in the middle of the change, seen by the server's own list of what runs. The write's transaction stays
   * open: a change that has let it in cannot end before it. Undefined where the change was over too soon to show anything.
   */
  async function seenAmid(change: string): Promise<'write waits' | 'write goes on' | undefined> {
    const writer = await server.connect(name);
    const watcher = await server.connect(name);
    const stateOf = async ({ threadId }: Connection) =>
      (await rowsOf(`SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = ${threadId}`, watcher))[0]?.STATE;
    let changed = false;
    const changing = service.query(change).finally(() => {
      changed = true;
    });
    await vi.waitUntil(async () => changed || /^(copy to tmp|altering) table$/.test(`${await stateOf(service)}`), poll);
    await writer.query('START TRANSACTION');
    let written = false;
    let waited = false;
    const writing = writer.query("INSERT INTO large (id, name) VALUES (0, 'in the middle')").then(() => {
      written = true;
    });
    await vi.waitUntil(async () => {
      waited ||= /metadata lock/.test(`${await stateOf(writer)}`) && (await stateOf(service)) === 'copy to tmp table';
      return written || changed;
    }, poll);
    const wentOn = written && /^altering table$|metadata lock/.test(`${await stateOf(service)}`);
    await writing;
    await writer.query('ROLLBACK');
    await changing;
    await Promise.all([writer.end(), watcher.end()]);
    if (wentOn) return 'write goes on';
    return waited ? 'write waits' : undefined;
  }

  it.each([
    ['that the server can only copy makes a writer wait', 'ALTER TABLE large MODIFY n BIGINT', 'write waits'],
    ['that it can do online does not', 'ALTER TABLE large ADD INDEX large_name (name, n)', 'write goes on'],
  ])(
    'a change %s',
    async (_, change, expected) => {
      // On a busy machine a change may be over before the write begins: a larger one is not.
      for (const rows of [100_000, 400_000, 1_600_000]) {
        for (const sql of largeTable(rows)) await service.query(sql);
        const seen = await seenAmid(change);
        if (seen !== undefined) return expect(seen).toBe(expected);
      }
      throw new Error('every change was over before anybody could write');
    },
    300_000,
  );
});

describe('the ledger of the engine', () => {
  it.each(['DROP TABLE schema_migrations', 'RENAME TABLE schema_migrations_catalog TO other'])(
    '%s: fails on the copy, which is as it was then',
    async (text) => {
      copy = await scratch().copy(never);
      const applied = await copy.apply(expand(`ALTER TABLE users ADD nick INT;\n${text};`));
      expect(applied).toMatchObject({
        ok: false,
        line: 2,
        sentence: expect.stringContaining('cannot write its ledger'),
      });
      expect(await copy.apply(expand('ALTER TABLE users ADD nick INT;'))).toMatchObject({ ok: true });
    },
  );
});

describe('writes of an old release, executed', () => {
  const refusing = (when: string) =>
    `CREATE TRIGGER look ${when} ON users FOR EACH ROW IF NEW.tz IS NULL THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'tz is missing'; END IF;`;
  const recorded = [
    'INSERT INTO users (name, note) VALUES (?, ?)',
    'UPDATE users SET note = ? WHERE id = ?',
    'INSERT INTO codes (user_id) VALUES (?)',
  ];
  const cases: readonly (readonly [sql: string, said: string | undefined])[] = [
    [
      `ALTER TABLE users ADD tz INT; ${refusing('BEFORE INSERT')}`,
      'INSERT.*worked before and fails now: tz is missing',
    ],
    [
      `ALTER TABLE users ADD tz INT; ${refusing('BEFORE UPDATE')}`,
      'UPDATE.*worked before and fails now: tz is missing',
    ],
    ["ALTER TABLE codes ALTER code SET DEFAULT 'x'", 'codes.*the second fails now: Duplicate entry'],
    ['ALTER TABLE users ADD tz INT', undefined],
    ["ALTER TABLE users ADD CHECK (name <> 'word-1001')", undefined],
  ];

  it.each([
    ...cases.map(([sql, said]) => [sql, said, recorded] as const),
    [cases[0]?.[0] ?? '', cases[0]?.[1], []],
  ] as const)('%s: %s', async (sql, said, statements) => {
    await service.query(
      'CREATE TABLE codes (code CHAR(36) PRIMARY KEY DEFAULT (UUID()), user_id INT NOT NULL, FOREIGN KEY (user_id) REFERENCES users (id))',
    );
    const report = await validateCompatibility({
      files: [{ ...expand(sql), sync: true }],
      findings: [],
      releases: [aRelease('v1', { statements })],
      readUse: readMariadbUse,
      scratch: scratch(),
      limitMs: 60_000,
      signal: never,
    });
    const broken = report.findings.filter(({ layer, effect }) => layer === 'executed' && effect === 'breaks');
    // Rows that others refer to cannot be deleted, before as well as after.
    if (statements.length > 0) expect(report.notChecked.join()).not.toContain('made up');
    if (said === undefined) expect(broken).toEqual([]);
    else expect(broken[0]?.sentence).toMatch(new RegExp(said));
  });
});
