// Which layer sees which break: the statements of an old release against migrations of every kind, on real servers.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/clock.ts';
import type { ReleaseNeeds } from '../../evidence/needs.ts';
import type { CompatReport, Layer } from '../../evidence/report.ts';
import { validateCompatibility } from '../../evidence/validate.ts';
import type { SqlFile, Stage } from '../../files/migration.ts';
import { aMigration, aSqlFile } from '../../testing/a-migration.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres-server.ts';
import { postgresDialect } from '../dialect.ts';
import { loadGrammar } from '../grammar.ts';
import { parsePostgres } from '../parse.ts';
import { createPostgresScratch } from './server.ts';
import { oldSchema, oldStatements } from './testing/old-release.ts';
import { readPostgresUse } from './use.ts';

let production: PostgresServer;
let scratch: PostgresServer;

beforeAll(async () => {
  await loadGrammar();
  production = await startPostgres('Debian');
  scratch = await startPostgres('Debian');
  await production.query('postgres', "CREATE ROLE shop LOGIN PASSWORD 'hidden-word'");
  await production.query('postgres', 'CREATE DATABASE app');
  await production.query('app', oldSchema);
}, 120_000);
afterAll(async () => {
  await production?.stop();
  await scratch?.stop();
});

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

const fileOf = (sql: string, stage: Stage = 'expand'): SqlFile => ({
  ...aSqlFile('002_change', stage, sql),
  transaction: !sql.includes('CONCURRENTLY'),
});

const check = (sql: string, releases: readonly ReleaseNeeds[]): Promise<CompatReport> =>
  validateCompatibility({
    files: [fileOf(sql, 'contract')],
    findings: [],
    releases,
    readUse: readPostgresUse,
    scratch: createPostgresScratch({
      scratchUrl: scratch.url('postgres'),
      productionUrl: production.url('app'),
      applicationRole: 'shop',
      allowSameServer: false,
      pgDump: 'pg_dump',
      replayed: [],
      ledgerTables: [],
      split: parsePostgres,
      clock: systemClock,
    }),
    limitMs: 60_000,
    signal: new AbortController().signal,
  });

const broken = ({ findings }: CompatReport, layer: Layer): number =>
  findings.filter((each) => each.layer === layer && each.effect === 'breaks').length;

/**
 * The rule that reports it, where one does; what prepare, insert and diff see of the statements; how many fail when
 * they run; the verdicts without and with smoke tests.
 */
const table: readonly (readonly [
  name: string,
  rule: string | undefined,
  sql: string,
  seen: { readonly prepare?: number; readonly insert?: number; readonly diff?: number; readonly run?: number },
  verdict: CompatReport['verdict'],
  withSmoke: CompatReport['verdict'],
])[] = [
  [
    'drop column',
    'ban-drop-column',
    'ALTER TABLE users DROP COLUMN nick',
    { prepare: 3, run: 4 },
    'incompatible',
    'incompatible',
  ],
  [
    'rename column',
    'renaming-column',
    'ALTER TABLE users RENAME nick TO alias',
    { prepare: 3, run: 4 },
    'incompatible',
    'incompatible',
  ],
  [
    'rename table',
    'renaming-table',
    'ALTER TABLE orders RENAME TO purchases',
    { prepare: 6, run: 6 },
    'incompatible',
    'incompatible',
  ],
  ['drop view', 'ban-drop-object', 'DROP VIEW active_users', { prepare: 1, run: 1 }, 'incompatible', 'incompatible'],
  [
    'drop function',
    'ban-drop-object',
    'DROP FUNCTION order_count',
    { prepare: 1, run: 1 },
    'incompatible',
    'incompatible',
  ],
  [
    'drop column behind a DO block',
    'opaque-sql',
    `DO $$ BEGIN EXECUTE 'ALTER TABLE users DROP ' || 'COLUMN nick'; END $$`,
    { prepare: 3, run: 4 },
    'incompatible',
    'incompatible',
  ],
  [
    'NOT NULL without default',
    'adding-required-field',
    'ALTER TABLE users ADD country text NOT NULL',
    { insert: 1, run: 8 },
    'incompatible',
    'incompatible',
  ],
  [
    'SET NOT NULL',
    'adding-not-nullable-field',
    'ALTER TABLE users ALTER nick SET NOT NULL',
    { insert: 1, run: 5 },
    'incompatible',
    'incompatible',
  ],
  [
    'drop default',
    'dropping-default',
    'ALTER TABLE users ALTER active DROP DEFAULT',
    { insert: 1, run: 8 },
    'incompatible',
    'incompatible',
  ],
  [
    'new CHECK',
    'constraining-old-writes',
    'ALTER TABLE users ADD CHECK (length(name) > 2) NOT VALID',
    { run: 2 },
    'unknown',
    'incompatible',
  ],
  [
    'new foreign key',
    'constraining-old-writes',
    'ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID',
    { run: 4 },
    'unknown',
    'incompatible',
  ],
  [
    'rejecting trigger',
    'creating-trigger',
    `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
     CREATE TRIGGER no BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION no()`,
    { run: 1 },
    'incompatible',
    'incompatible',
  ],
  [
    'REVOKE',
    'changing-rights',
    'REVOKE UPDATE ON users FROM shop',
    { prepare: 2, run: 2 },
    'incompatible',
    'incompatible',
  ],
  [
    'narrow type',
    'changing-column-type',
    'DROP VIEW active_users; ALTER TABLE users ALTER email TYPE varchar(5); CREATE VIEW active_users AS SELECT id, email FROM users WHERE active; GRANT SELECT ON active_users TO shop',
    { diff: 2, run: 8 },
    'incompatible',
    'incompatible',
  ],
  [
    'text to integer',
    'changing-column-type',
    'ALTER TABLE orders ALTER note TYPE integer USING note::integer',
    { diff: 1, run: 4 },
    'incompatible',
    'incompatible',
  ],
  [
    'text to json',
    'changing-column-type',
    'ALTER TABLE orders ALTER note TYPE json USING note::json',
    { prepare: 1, diff: 1, run: 4 },
    'incompatible',
    'incompatible',
  ],
  [
    'rename enum value',
    'renaming-object',
    "ALTER TYPE mood RENAME VALUE 'busy' TO 'loaded'",
    { run: 1 },
    'unknown',
    'incompatible',
  ],
  [
    'row security',
    'changing-row-security',
    'ALTER TABLE users ENABLE ROW LEVEL SECURITY',
    { run: 8 },
    'incompatible',
    'incompatible',
  ],
  [
    'new UNIQUE',
    'adding-unique-index',
    'CREATE UNIQUE INDEX CONCURRENTLY users_name ON users (name)',
    {},
    'unknown',
    'unknown',
  ],
  ['meaning', 'unbatched-change', 'UPDATE orders SET total = total * 100', {}, 'compatible', 'compatible'],
  ['nullable column', undefined, 'ALTER TABLE users ADD city text', {}, 'compatible', 'compatible'],
  [
    'NOT NULL with default',
    undefined,
    "ALTER TABLE users ADD plan text NOT NULL DEFAULT 'free'",
    {},
    'compatible',
    'compatible',
  ],
  ['index', undefined, 'CREATE INDEX CONCURRENTLY users_age ON users (age)', {}, 'compatible', 'compatible'],
  [
    'widened type',
    'changing-column-type',
    'ALTER TABLE orders ALTER total TYPE numeric(12,2)',
    {},
    // A connection that retains a prepared `SELECT total` fails until it is renewed.
    'unknown',
    'unknown',
  ],
  [
    'drop what nobody uses',
    'ban-drop-column',
    'ALTER TABLE orders DROP COLUMN legacy_code',
    {},
    'compatible',
    'compatible',
  ],
];

describe.each(table)('%s', (_, rule, sql, seen, verdict, withSmoke) => {
  test('is seen where it can be seen', async () => {
    const report = await check(sql, [old]);
    expect({
      prepare: broken(report, 'prepare'),
      insert: broken(report, 'insert'),
      diff: broken(report, 'diff'),
    }).toEqual({
      prepare: seen.prepare ?? 0,
      insert: seen.insert ?? 0,
      diff: seen.diff ?? 0,
    });
    expect(report.verdict).toBe(verdict);
    expect(report.notChecked.join()).toContain('still means the same');
  });

  test('is reported by the rules, or concerns none of them', () => {
    const migration = aMigration('002_change', { expand: sql, revert: 'SELECT 1' });
    const reported = postgresDialect
      .lint([{ ...migration, expand: fileOf(sql) }])
      .filter(({ severity }) => severity !== 'warning');
    expect(reported.map((finding) => finding.rule)).toEqual(rule === undefined ? [] : expect.arrayContaining([rule]));
  });

  test('is run into by the release itself', async () => {
    const report = await check(sql, [{ ...old, smoke }]);
    const reported = report.findings.find(({ layer }) => layer === 'smoke')?.sentence ?? '';
    expect(reported).toContain(seen.run === undefined ? '' : `${seen.run} of 14 statements failed`);
    expect(report.coverage[0]?.smoke).toBe(seen.run === undefined ? 'passed' : 'failed');
    expect(report.verdict).toBe(withSmoke);
  });
});
