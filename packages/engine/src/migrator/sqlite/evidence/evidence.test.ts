// Which layer sees which break, on real files of SQLite.

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import type { ReleaseNeeds } from '../../evidence/needs.ts';
import type { CompatReport, Layer } from '../../evidence/report.ts';
import { validateCompatibility } from '../../evidence/validate.ts';
import { aSqlFile } from '../../testing/a-migration.ts';
import { parseSqlite } from '../parse.ts';
import { createSqliteScratch } from './server.ts';
import { oldSchema, oldStatements } from './testing/old-release.ts';
import { readSqliteUse } from './use.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-test-'));
  file = join(folder, 'app.sqlite');
  const database = new Database(file);
  database.exec(oldSchema);
  database.exec("INSERT INTO users (email) VALUES ('secret@example.org')");
  database.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

const smoke = {
  argv: [process.execPath, join(import.meta.dirname, 'testing/old-release-main.ts')],
  cwd: import.meta.dirname,
  env: {},
  timeoutMs: 30_000,
} as const;

const old: ReleaseNeeds = {
  release: 'v1',
  runsNow: true,
  declared: undefined,
  statements: oldStatements.map(([text]) => text),
  files: [],
  smoke: undefined,
};

const check = (sql: string, releases: readonly ReleaseNeeds[]): Promise<CompatReport> =>
  validateCompatibility({
    files: sql === '' ? [] : [aSqlFile('002_change', 'contract', sql)],
    findings: [],
    releases,
    readUse: readSqliteUse,
    scratch: createSqliteScratch({
      file,
      addressOf: (copy) => `sqlite:${copy}`,
      table: 'schema_migrations',
      split: parseSqlite,
      clock: systemClock,
    }),
    limitMs: 60_000,
    signal: new AbortController().signal,
  });

const broken = ({ findings }: CompatReport, layer: Layer): number =>
  findings.filter((each) => each.layer === layer && each.effect === 'breaks').length;

const rebuilt = (columns: string, kept: string): string => `
  DROP VIEW active_users; CREATE TABLE new_users (${columns});
  INSERT INTO new_users (${kept}) SELECT ${kept} FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users;
  CREATE VIEW active_users AS SELECT id, email FROM users WHERE active = 1;`;

const table: readonly (readonly [
  name: string,
  sql: string,
  seen: { readonly prepare?: number; readonly insert?: number; readonly run?: number },
  verdict: CompatReport['verdict'],
  withSmoke: CompatReport['verdict'],
])[] = [
  ['drop column', 'ALTER TABLE users DROP COLUMN nick', { prepare: 3, run: 3 }, 'incompatible', 'incompatible'],
  ['rename column', 'ALTER TABLE users RENAME nick TO alias', { prepare: 3, run: 3 }, 'incompatible', 'incompatible'],
  ['rename table', 'ALTER TABLE orders RENAME TO purchases', { prepare: 3, run: 3 }, 'incompatible', 'incompatible'],
  ['drop view', 'DROP VIEW active_users', { prepare: 1, run: 1 }, 'incompatible', 'incompatible'],
  [
    'column under a positional INSERT',
    'ALTER TABLE orders ADD COLUMN city TEXT',
    { prepare: 1, run: 2 },
    'incompatible',
    'incompatible',
  ],
  [
    'NOT NULL without default, by a rebuild',
    rebuilt(
      'id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, nick TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1',
      'id, email, name, nick, active',
    ),
    { insert: 1, run: 1 },
    'incompatible',
    'incompatible',
  ],
  [
    'lost default, by a rebuild',
    rebuilt(
      'id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, nick TEXT, active INTEGER NOT NULL',
      'id, email, name, nick, active',
    ),
    { insert: 1, run: 4 },
    'incompatible',
    'incompatible',
  ],
  [
    'new CHECK, by a rebuild',
    rebuilt(
      'id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT CHECK (length(name) > 2), nick TEXT, active INTEGER NOT NULL DEFAULT 1',
      'id, email, name, nick, active',
    ),
    { run: 1 },
    'unknown',
    'incompatible',
  ],
  [
    'rejecting trigger',
    "CREATE TRIGGER no BEFORE UPDATE ON orders BEGIN SELECT RAISE(ABORT, 'no'); END",
    { run: 1 },
    'incompatible',
    'incompatible',
  ],
  ['new UNIQUE', 'CREATE UNIQUE INDEX users_name ON users (name)', {}, 'unknown', 'unknown'],
  ['meaning', 'UPDATE orders SET total = total * 100', {}, 'compatible', 'compatible'],
  ['nullable column', 'ALTER TABLE users ADD COLUMN city TEXT', {}, 'compatible', 'compatible'],
  [
    'NOT NULL with default',
    "ALTER TABLE users ADD COLUMN plan TEXT NOT NULL DEFAULT 'free'",
    {},
    'compatible',
    'compatible',
  ],
  ['index', 'CREATE INDEX users_nick ON users (nick)', {}, 'compatible', 'compatible'],
  ['drop what nobody uses', 'ALTER TABLE users DROP COLUMN legacy_code', {}, 'compatible', 'compatible'],
];

describe.each(table)('%s', (_, sql, seen, verdict, withSmoke) => {
  test('is seen where it can be seen', async () => {
    const report = await check(sql, [old]);
    expect({ prepare: broken(report, 'prepare'), insert: broken(report, 'insert') }).toEqual({
      prepare: seen.prepare ?? 0,
      insert: seen.insert ?? 0,
    });
    expect(report.verdict, JSON.stringify(report.findings)).toBe(verdict);
  });

  test('is run into by the release itself', async () => {
    const report = await check(sql, [{ ...old, smoke }]);
    const reported = report.findings.find(({ layer }) => layer === 'smoke')?.sentence ?? '';
    expect(reported).toContain(seen.run === undefined ? '' : `${seen.run} of 9 statements failed`);
    expect(report.coverage[0]?.smoke).toBe(seen.run === undefined ? 'passed' : 'failed');
    expect(report.verdict).toBe(withSmoke);
  });
});

describe('a scratch copy', () => {
  const copies = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('bg-scratch-'));
  const digest = (): string => createHash('sha256').update(readFileSync(file)).digest('hex');

  test('leaves the file as it was, and nothing behind', async () => {
    const before = digest();
    await check('DROP TABLE orders', [{ ...old, smoke }]);
    await check('DROP TABLE nothing_such', [old]);
    expect(digest()).toBe(before);
    expect(copies()).toEqual([]);
  });

  test('holds no row of the application', async () => {
    const report = await check('ALTER TABLE users ADD COLUMN city TEXT', [
      { ...old, smoke: { ...smoke, argv: [process.execPath, '-e', countUsers] } },
    ]);
    expect(report.findings).toEqual([]);
    expect(report.coverage[0]?.smoke).toBe('passed');
  });

  test.skipIf(process.getuid?.() !== 0)(
    'is lent to the account of the service, which the smoke command of a release runs as (needs root)',
    async () => {
      const script = `if (process.getuid() !== 65534) process.exit(3); const { DatabaseSync } = require('node:sqlite');
        new DatabaseSync(process.env.DATABASE_URL.slice('sqlite:'.length)).exec("INSERT INTO users (email) VALUES ('a@b.org')");`;
      const argv = [process.execPath, '-e', script] as const;
      const as = (user: string) => [{ ...old, smoke: { ...smoke, argv, account: { user } } }];
      const report = await check('ALTER TABLE users ADD COLUMN city TEXT', as('nobody'));
      expect(report.findings).toEqual([]);
      expect(report.coverage[0]?.smoke).toBe('passed');
      const refused = await check('ALTER TABLE users ADD COLUMN city TEXT', as('no-such-account'));
      expect(refused.findings).toMatchObject([{ layer: 'smoke', sentence: expect.stringContaining('no account') }]);
      expect(copies()).toEqual([]);
    },
  );

  test('of a run that was killed is deleted by the next, and one that is still in use is not', async () => {
    const old = join(tmpdir(), `bg-scratch-${Date.now() - 7_200_000}-abcdef`);
    const young = join(tmpdir(), `bg-scratch-${Date.now()}-abcdef`);
    for (const each of [old, young]) mkdirSync(each);
    try {
      await check('', []);
      expect(copies()).toEqual([young.slice(tmpdir().length + 1)]);
    } finally {
      for (const each of [old, young]) rmSync(each, { recursive: true, force: true });
    }
  });

  test('is not used to reach another file', async () => {
    const other = join(folder, 'other.sqlite');
    await check(`ATTACH '${other}' AS other`, [old]);
    expect(readdirSync(folder)).toEqual(['app.sqlite']);
  });

  test('of a file that is not there is unknown, and says so', async () => {
    file = join(folder, 'missing.sqlite');
    const report = await check('ALTER TABLE users ADD COLUMN city TEXT', [old]);
    expect(report).toMatchObject({ verdict: 'unknown', scratch: expect.stringContaining('cannot be opened') });
  });
});

const countUsers = `
  const { DatabaseSync } = require('node:sqlite');
  const { n } = new DatabaseSync(process.env.DATABASE_URL.replace('sqlite:', '')).prepare('SELECT count(*) AS n FROM users').get();
  process.exitCode = n === 0 ? 0 : 1;
`;

test('a file after which the engine cannot write its ledger fails on the copy', async () => {
  for (const sql of ['DROP TABLE schema_migrations', 'ALTER TABLE schema_migrations_catalog RENAME TO other']) {
    const { verdict, findings } = await check(sql, []);
    expect(verdict).toBe('incompatible');
    expect(findings[0]?.sentence).toMatch(/:1 fails on the scratch copy: .*cannot write its ledger: no such table/);
  }
});

describe('writes of an old release, executed', () => {
  const refusing = (when: string, table: string) =>
    `CREATE TRIGGER look ${when} ON ${table} WHEN new.tz IS NULL BEGIN SELECT RAISE(ABORT, 'tz is missing'); END;`;
  const codes =
    'CREATE TABLE codes (code TEXT PRIMARY KEY DEFAULT (hex(randomblob(8))), user_id INTEGER NOT NULL REFERENCES users (id));';
  const recorded = [
    'INSERT INTO users (email, nick) VALUES (:email, :nick)',
    'UPDATE users SET nick = ?2 WHERE id = ?1',
    'INSERT INTO codes (user_id) VALUES (?)',
  ];
  test.each(
    [
      [
        `ALTER TABLE users ADD tz TEXT; ${refusing('BEFORE INSERT', 'users')}`,
        /INSERT.*worked before and fails now: tz is missing/,
      ],
      [
        `ALTER TABLE users ADD tz TEXT; ${refusing('AFTER UPDATE', 'users')}`,
        /UPDATE.*worked before and fails now: tz is missing/,
      ],
      [
        "CREATE TABLE n (code TEXT PRIMARY KEY DEFAULT 'x', user_id INTEGER NOT NULL REFERENCES users (id)); INSERT INTO n SELECT code, user_id FROM codes; DROP TABLE codes; ALTER TABLE n RENAME TO codes;",
        /codes.*the second fails now: UNIQUE constraint failed: codes.code/,
      ],
      ['ALTER TABLE users ADD tz TEXT', undefined],
    ].flatMap(([sql, said]) => [recorded, []].map((statements) => [sql, said, statements] as const)),
  )('%s: %s', async (sql, said, statements) => {
    const database = new Database(file);
    database.exec(codes);
    database.close();
    const report = await check(String(sql), [{ ...old, statements }]);
    const broken = report.findings.filter(({ layer, effect }) => layer === 'executed' && effect === 'breaks');
    // Rows that others refer to cannot be deleted, before as well as after.
    if (statements.length > 0) expect(report.notChecked.join()).not.toContain('made up');
    if (said === undefined) expect(broken).toEqual([]);
    else expect(broken[0]?.sentence).toMatch(said);
  });
});
