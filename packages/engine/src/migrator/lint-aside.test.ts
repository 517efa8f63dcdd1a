// Large migrations in a separate thread: the same findings, a limit, and a clock that continues meanwhile.

import { beforeAll, describe, expect, it } from 'vitest';
import { lintAside } from './lint-aside.ts';
import { mariadbDialect } from './mariadb/dialect.ts';
import { postgresDialect } from './postgres/dialect.ts';
import { sqliteDialect } from './sqlite/dialect.ts';
import { aMigration } from './testing/a-migration.ts';

beforeAll(postgresDialect.load);

describe.each([postgresDialect, mariadbDialect, sqliteDialect])('large migrations for $kind', (dialect) => {
  it('are judged as small ones are', async () => {
    const expand = Array.from({ length: 800 }, (_, n) => `ALTER TABLE t${n} RENAME COLUMN a TO b;`).join('\n');
    const migrations = [aMigration('001_many', { expand, revert: 'SELECT 1;' })];
    const options = { pending: new Set(['001_many']) };
    const found = await lintAside(dialect, migrations, options);
    expect(found.length).toBeGreaterThan(700);
    expect(found).toEqual(dialect.lint(migrations, options));
  });
});

it('a text that costs the parser too long is given up, and other work continues meanwhile', async () => {
  const columns = Array.from({ length: 60_000 }, (_, n) => `c${n} int`).join(',');
  const migrations = [aMigration('001_slow', { expand: `CREATE TABLE t (${columns});`, revert: 'SELECT 1;' })];
  let longest = 0;
  let last = performance.now();
  const clock = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 20);
  const judging = lintAside(sqliteDialect, migrations, {}, { limitMs: 2_000 });
  await expect(judging).rejects.toThrow(/bytes of SQL\) could not be judged within 2 s/);
  clearInterval(clock);
  // The lease is lost at 8 s.
  expect(longest).toBeLessThan(5_000);
});

it('comments in comments are refused where they would take the lexer for minutes, and read where they would not', () => {
  const nested = (depth: number) => `${'/*'.repeat(depth)}${'*/'.repeat(depth)} SELECT 1;`;
  expect(postgresDialect.split(nested(20))).toMatchObject({ ok: true });
  const began = performance.now();
  expect(postgresDialect.split(`\n${nested(200_000)}`)).toMatchObject({
    ok: false,
    problem: { line: 2, problem: 'comments lie more than 32 deep inside one another' },
  });
  expect(performance.now() - began).toBeLessThan(5_000);
  const texts = `SELECT '${'/* '.repeat(100)}', "${'/* '.repeat(100)}"; -- ${'/* '.repeat(100)}\nSELECT 2;`;
  expect(postgresDialect.split(texts)).toMatchObject({ ok: true });
});
