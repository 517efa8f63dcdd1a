// A connection retains a prepared `SELECT *` while a migration adds a column: what PostgreSQL does, and the verdict.

import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aRelease } from '../../evidence/testing-release.ts';
import { aSqlFile } from '../../testing/a-migration.ts';
import { startTwoServers, type TwoServers } from './testing/two-servers.ts';

let servers: TwoServers;
beforeAll(async () => {
  servers = await startTwoServers();
}, 120_000);
afterAll(() => servers?.stop());

const schema = 'CREATE TABLE users (id bigint PRIMARY KEY, email varchar(50))';
const change = (sql: string) => [aSqlFile('002_change', 'expand', sql)];
const cases = [
  ['SELECT * FROM users WHERE id = $1', 'ALTER TABLE users ADD nick text', 'cached plan must not change result type'],
  [
    'INSERT INTO users (id) VALUES ($1) RETURNING *',
    'ALTER TABLE users ADD nick text',
    'cached plan must not change result type',
  ],
  // The size of a type is part of the result's type.
  [
    'SELECT email FROM users WHERE id = $1',
    'ALTER TABLE users ALTER email TYPE varchar(90)',
    'cached plan must not change result type',
  ],
  ['SELECT id FROM users WHERE id = $1', 'ALTER TABLE users ADD nick text', undefined],
] as const;

test.each(cases)('%s, then %s: fails at each use until the connection is renewed', async (text, sql, error) => {
  const app = await servers.production.createDatabase();
  await servers.production.query(app, schema);
  const service = new Client({ connectionString: servers.production.url(app) });
  const use = async (client: Client, id: number): Promise<string | undefined> =>
    client.query({ name: 'kept', text, values: [id] }).then(
      () => undefined,
      (thrown: Error) => thrown.message,
    );
  await service.connect();
  expect(await use(service, 1)).toBeUndefined();
  await servers.production.query(app, sql);
  expect([await use(service, 2), await use(service, 3), await use(service, 4)]).toEqual([error, error, error]);
  await service.end();
  const renewed = new Client({ connectionString: servers.production.url(app) });
  await renewed.connect();
  expect(await use(renewed, 5)).toBeUndefined();
  await renewed.end();
});

test.each(cases)('the verdict on %s, then %s says so', async (text, sql, error) => {
  const report = await servers.check(schema, {
    files: change(sql),
    releases: [aRelease('v1', { statements: [text] })],
  });
  const kept = report.findings.filter(({ sentence }) => sentence.includes('keeps it prepared'));
  expect(report.verdict).toBe(error === undefined ? 'compatible' : 'unknown');
  expect(kept).toHaveLength(error === undefined ? 0 : 1);
  if (error === undefined) return;
  expect(kept[0]).toMatchObject({ effect: 'unclear', layer: 'prepare', release: 'v1' });
  expect(kept[0]?.sentence).toContain(`fails at each use until the connection is renewed (${error})`);
});

test('an added column stays an addition, and neither a release with the file nor one that is yet to start is accused', async () => {
  const files = change('ALTER TABLE users ADD nick text');
  const statements = ['SELECT * FROM users'];
  const added = await servers.check(schema, { files, releases: [aRelease('v1', { statements })] });
  expect(added).toMatchObject({ verdict: 'unknown', additive: true });
  const own = await servers.check(schema, {
    files,
    releases: [aRelease('v2', { statements, files: ['002_change.expand.sql'] })],
  });
  expect(own.verdict).toBe('compatible');
  const starting = await servers.check(schema, { files, releases: [aRelease('v2', { statements, runsNow: false })] });
  expect(starting.verdict).toBe('compatible');
});
