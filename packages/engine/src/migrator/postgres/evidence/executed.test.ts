// Writes of an old release are executed on a copy with a few rows: no name and no type shows what they find.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { aRelease } from '../../evidence/testing-release.ts';
import { aSqlFile } from '../../testing/a-migration.ts';
import { startTwoServers, type TwoServers } from './testing/two-servers.ts';
import {
  breaking,
  checkWrites,
  expectBreaking,
  function_,
  recorded,
  refusing,
  schema,
  trigger,
} from './testing/writes.ts';

let servers: TwoServers;
beforeAll(async () => {
  servers = await startTwoServers();
}, 120_000);
afterAll(() => servers?.stop());

// The other members of each kind, and what is not accused of it, are in executed.hostile.ts.
const often = ['@sync with a trigger that refuses NULL', 'a sequence that begins again', 'a constant default of a key'];
const first = breaking.filter(([name]) => often.includes(name));

test.each(first.map((one) => [one[0], one] as const))('%s is incompatible by recorded statements', (_, one) =>
  expectBreaking(servers, one, recorded),
);
test.each(first.slice(0, 1).map((one) => [one[0], one] as const))(
  '%s is incompatible by rows that are made up',
  (_, one) => expectBreaking(servers, one, []),
);
test('a release that is yet to start, or has the files itself, is not tried with rows that are made up', async () => {
  const sql = `ALTER TABLE customers ADD tz text; ${function_(refusing)}; ${trigger('BEFORE INSERT', 'customers')}`;
  const releases = [
    aRelease('v2', { files: ['002_change.expand.sql'] }),
    aRelease('v3', { runsNow: false, statements: recorded }),
  ];
  const report = await servers.check(schema, { files: [aSqlFile('002_change', 'expand', sql)], releases });
  expect(report.findings.filter(({ layer }) => layer === 'executed')).toEqual([]);
});

test('a file that does not run on rows that are made up is tried without them', async () => {
  const sql = `ALTER TABLE customers ADD tz text, ADD CHECK (nick = 'gold'); ${function_(refusing)}; ${trigger('BEFORE INSERT', 'customers')}`;
  const report = await checkWrites(servers, { sql, statements: recorded });
  expect(report.notChecked.join('\n')).toMatch(
    /UPDATE and DELETE .* made up: 002_change.expand.sql:1 fails: check constraint/,
  );
  expect(report.findings.map(({ effect, sentence }) => `${effect}: ${sentence}`)).toContainEqual(
    expect.stringMatching(/^breaks: INSERT INTO customers .*worked before and fails now: tz is missing/),
  );
});
