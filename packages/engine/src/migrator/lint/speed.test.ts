// Generous limits: `npm run bench lint` has the figures. What is caught here is work that grows with the square.

import { beforeAll, describe, expect, it } from 'vitest';
import { postgresDialect } from '../postgres/dialect.ts';
import { sqliteDialect } from '../sqlite/dialect.ts';
import { aMigration } from '../testing/a-migration.ts';

const many = 10_000;
const limitMs = 30_000;

beforeAll(postgresDialect.load);

describe.each([postgresDialect, sqliteDialect])('10,000 statements of $kind in one file', (dialect) => {
  const lintTook = (statement: (n: number) => string): { readonly ms: number; readonly found: number } => {
    const expand = Array.from({ length: many }, (_, n) => `${statement(n)};`).join('\n');
    const begun = performance.now();
    const found = dialect.lint([aMigration('001_many', { expand, revert: 'SELECT 1;' })]).length;
    return { ms: performance.now() - begun, found };
  };

  it('are judged in time when they are safe', () => {
    const { ms, found } = lintTook((n) => `CREATE TABLE t${n} (id bigint PRIMARY KEY, name text)`);
    expect(found).toBe(0);
    expect(ms).toBeLessThan(limitMs);
  });

  it('are judged in time when each is a separate hazard', () => {
    const { ms, found } = lintTook((n) => `ALTER TABLE t${n} RENAME COLUMN a TO b`);
    expect(found).toBeGreaterThanOrEqual(many);
    expect(ms).toBeLessThan(limitMs);
  });

  it('are judged in time when each changes rows', () => {
    const { ms, found } = lintTook((n) => `UPDATE t${n % 10} SET a = 'é' WHERE b = ${n}`);
    expect(found).toBeGreaterThanOrEqual(many);
    expect(ms).toBeLessThan(limitMs);
  });

  it('are judged in time when tables are renamed, dropped and indexed', () => {
    const forms = [
      (n: number) => `CREATE UNIQUE INDEX i${n} ON t${n} (a)`,
      (n: number) => `ALTER TABLE t${n} RENAME TO u${n}`,
      (n: number) => `DROP TABLE t${n}`,
      (n: number) => `UPDATE t${n} SET a = 1 WHERE b = 5`,
    ];
    const { ms } = lintTook((n) => forms[n % forms.length]?.(n) ?? '');
    expect(ms).toBeLessThan(limitMs);
  });
});
