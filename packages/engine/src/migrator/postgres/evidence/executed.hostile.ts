// Every kind of write and of change, by recorded statements and by rows that are made up.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTwoServers, type TwoServers } from './testing/two-servers.ts';
import {
  breaking,
  checkWrites,
  expectBreaking,
  expectHarmless,
  function_,
  harmless,
  recorded,
  trigger,
} from './testing/writes.ts';

let servers: TwoServers;
beforeAll(async () => {
  servers = await startTwoServers();
}, 120_000);
afterAll(() => servers?.stop());

describe.each([
  ['recorded statements', recorded],
  ['rows that are made up, where nothing is recorded', []],
])('by %s', (_, statements) => {
  test.each(breaking.map((one) => [one[0], one] as const))('%s is incompatible', (_, one) =>
    expectBreaking(servers, one, statements),
  );
  test.each(harmless.map((one) => [one[0], one] as const))('%s is not accused of it', (_, one) =>
    expectHarmless(servers, one, statements),
  );
});

test('a write that does not end is ended, and said not to be tried', async () => {
  const slow = "INSERT INTO customers (email) SELECT 'a@b' FROM (SELECT pg_sleep(60)) AS s";
  const report = await checkWrites(servers, { sql: 'ALTER TABLE customers ADD tz text', statements: [slow] });
  expect(report.notChecked.join('\n')).toContain('1 of the writes of v1, which do not work with values');
}, 60_000);

test('a server that has no time after the files is no fault of the schema', async () => {
  const sql = `ALTER TABLE customers ADD tz text; ${function_('PERFORM pg_sleep(20);')}; ${trigger('BEFORE INSERT', 'customers')}`;
  const report = await checkWrites(servers, { sql, statements: recorded });
  const executed = report.findings.filter(({ layer }) => layer === 'executed');
  expect(executed.map(({ effect }) => effect)).toEqual(['unclear']);
  expect(executed[0]?.sentence).toContain('canceling statement due to statement timeout');
});
