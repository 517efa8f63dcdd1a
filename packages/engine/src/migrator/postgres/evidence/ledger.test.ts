// The engine's ledger is on the scratch copy: a file after which it cannot be written fails there, and not in production.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { aSqlFile } from '../../testing/a-migration.ts';
import { startTwoServers, type TwoServers } from './testing/two-servers.ts';

let servers: TwoServers;
beforeAll(async () => {
  servers = await startTwoServers();
}, 120_000);
afterAll(() => servers?.stop());

const check = (sql: string, schema = 'CREATE TABLE users (id bigint)') =>
  servers.check(schema, { files: [aSqlFile('002_change', 'contract', sql)], releases: [] });

// The servers are asked with a ledger of the name bg_ledger: the name is configured.
test.each([
  'DROP TABLE bg_ledger',
  'ALTER TABLE users ADD nick text; ALTER TABLE bg_ledger RENAME TO old_ledger',
  'ALTER TABLE bg_ledger DROP COLUMN files',
  'DROP TABLE bg_ledger_catalog',
  `DO $$ BEGIN EXECUTE 'DROP TABLE bg_' || 'ledger'; END $$`,
  'ALTER TABLE bg_ledger ADD CHECK (rows_total > 0), ALTER rows_total SET NOT NULL',
])('%s fails on the copy', async (sql) => {
  const report = await check(sql);
  expect(report.verdict).toBe('incompatible');
  expect(report.findings.find(({ layer }) => layer === 'dry-run')).toMatchObject({
    effect: 'breaks',
    sentence: expect.stringContaining('002_change.contract.sql:1 fails on the scratch copy'),
  });
  expect(JSON.stringify(report)).toContain('the engine cannot write its ledger: ');
});

test('a ledger that production has is taken as it is, and other tables may go', async () => {
  const schema = `CREATE TABLE users (id bigint); CREATE TABLE bg_ledger (id text PRIMARY KEY, state text NOT NULL, during text,
    files jsonb NOT NULL DEFAULT '{}', statements_done integer NOT NULL DEFAULT 0, cursor text, rows_done bigint NOT NULL DEFAULT 0,
    rows_total bigint, problem text, updated_at timestamptz NOT NULL);
    CREATE TABLE bg_ledger_catalog (one integer PRIMARY KEY, catalog text NOT NULL)`;
  expect((await check('DROP TABLE users', schema)).verdict).toBe('compatible');
  expect((await check('DROP TABLE bg_ledger', schema)).verdict).toBe('incompatible');
});
