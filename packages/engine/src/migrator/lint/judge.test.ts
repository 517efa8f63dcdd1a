import { beforeAll, describe, expect, it } from 'vitest';
import { mariadbDialect } from '../mariadb/dialect.ts';
import { postgresDialect } from '../postgres/dialect.ts';
import { parsePostgres } from '../postgres/parse.ts';
import { reversePostgres } from '../postgres/rules/reverse.ts';
import { sqliteDialect } from '../sqlite/dialect.ts';
import { parseSqlite } from '../sqlite/parse.ts';
import { reverseSqlite } from '../sqlite/rules/rules.ts';
import { aMigration } from '../testing/a-migration.ts';
import { lintSections, reported, sectionsOf } from '../testing/sections.ts';

beforeAll(postgresDialect.load);

const lint = (text: string) => lintSections(postgresDialect, sectionsOf(text));

describe('what the author takes on', () => {
  const rename = 'ALTER TABLE users RENAME COLUMN a TO b;';

  it('is a finding still, with the reason', () => {
    const [found] = lint(`-- expand:\n-- @accept renaming-column: nobody reads it\n${rename}`);
    expect(found).toMatchObject({ rule: 'renaming-column', severity: 'error', accepted: 'nobody reads it' });
  });

  it('counts for its own file only', () => {
    const found = lint(`-- expand:\n-- @accept renaming-column: x\n${rename}\n-- then expand:\n${rename}`);
    expect(found.map(({ accepted }) => accepted)).toEqual(['x', undefined]);
  });

  it('is a warning where no statement has that hazard', () => {
    const found = lint(`-- expand:\n-- @accept renaming-colum: x\n${rename}`);
    expect(found.map(({ rule, severity, line }) => [rule, severity, line])).toEqual([
      ['unused-accept', 'warning', 1],
      ['renaming-column', 'error', 2],
    ]);
    expect(found[0]?.message).toContain('found here: renaming-column');
  });

  it('may be that there is no way back', () => {
    const sections = aMigration('001_a', { expand: 'ALTER TABLE users ADD COLUMN a text;' });
    const accepted = [{ rule: 'missing-revert', reason: 'harmless', line: 1 }];
    const expand = sections.expand && { ...sections.expand, accepted };
    expect(postgresDialect.lint([{ ...sections, expand }])).toMatchObject([
      { rule: 'missing-revert', accepted: 'harmless' },
    ]);
  });

  it('is never what cannot be read', () => {
    const found = lint('-- expand:\n-- @accept syntax-error: x\nALTER TABEL users;');
    expect(found).toMatchObject([{ rule: 'syntax-error', accepted: undefined }]);
  });
});

describe('a NUL byte', () => {
  it('stops the file: no program sees what comes after it', () => {
    const expand = 'SELECT 1;\n\0DROP TABLE users;';
    for (const dialect of [postgresDialect, sqliteDialect])
      expect(dialect.lint([aMigration('001_a', { expand, revert: 'SELECT 1;' })])).toMatchObject([
        { rule: 'nul-byte', line: 2, severity: 'error' },
      ]);
  });
});

describe('a statement that is too deep for the rules', () => {
  it.each([2_000, 4_000, 8_000, 16_000])(
    'goes to a person, or is judged; nothing is left out behind it: %i terms',
    (terms) => {
      const expand = `SELECT ${'1+'.repeat(terms)}1;\nALTER TABLE users RENAME COLUMN a TO b;`;
      for (const dialect of [postgresDialect, sqliteDialect]) {
        const found = dialect.lint([aMigration('001_a', { expand, revert: 'SELECT 1;' })]).map(({ rule }) => rule);
        const isTold = found.includes('renaming-column') || found.includes('syntax-error');
        expect(isTold, `${dialect.kind}: ${found.join(', ')}`).toBe(true);
      }
    },
  );
});

describe('the order of findings', () => {
  it('is that of the files, each by its lines', () => {
    const drop = 'ALTER TABLE users RENAME COLUMN a TO b;';
    const text = `-- expand:\n\n${drop}\nTRUNCATE users;\n-- contract:\n${drop}\n-- revert:\n${drop}\n-- then expand:\n${drop}`;
    expect(lint(text).map(({ file, line }) => `${file}:${line}`)).toEqual([
      '001_case.expand.sql:1',
      '001_case.expand.sql:2',
      '001_case.contract.sql:1',
      '001_case.revert.sql:1',
      '002_case.expand.sql:1',
    ]);
  });

  it('does not let a revert take away what a later migration builds on', () => {
    const text =
      '-- expand:\nCREATE TABLE t (id int PRIMARY KEY, name varchar(10));\n-- revert:\nDROP TABLE t;\n-- then expand:\nALTER TABLE t ALTER COLUMN name TYPE varchar(20);';
    expect(reported(lint(text))).toEqual([]);
  });
});

describe('the way back of a statement', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    [
      'ALTER TABLE "Users" ADD COLUMN a text, ADD COLUMN b text',
      'ALTER TABLE "Users" DROP COLUMN b;\nALTER TABLE "Users" DROP COLUMN a;',
    ],
    ['ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0) NOT VALID', 'ALTER TABLE users DROP CONSTRAINT c;'],
    ['CREATE TABLE s.t (a int)', 'DROP TABLE s.t;'],
    ['CREATE VIEW v AS SELECT 1', 'DROP VIEW v;'],
    ['CREATE INDEX CONCURRENTLY i ON s.t (a)', 'DROP INDEX CONCURRENTLY s.i;'],
    ['CREATE TRIGGER a BEFORE INSERT ON "T" FOR EACH ROW EXECUTE FUNCTION f()', 'DROP TRIGGER a ON "T";'],
    ["CREATE FUNCTION f(a int, OUT b text, c text[]) LANGUAGE sql AS 'SELECT 1'", 'DROP FUNCTION f(int, text[]);'],
    ["CREATE TYPE mood AS ENUM ('a')", 'DROP TYPE mood;'],
    ['CREATE SEQUENCE s', 'DROP SEQUENCE s;'],
    ['ALTER TABLE users DROP COLUMN a', undefined],
    ['UPDATE users SET a = 1', undefined],
  ];

  it.each(cases)('%s', (statement, back) => {
    const parsed = parsePostgres(statement);
    expect(parsed.ok && parsed.statements[0] && reversePostgres(parsed.statements[0])).toBe(back);
  });

  it('is as plain for SQLite', () => {
    const parsed = parseSqlite(
      'CREATE TABLE "a b" (c TEXT); CREATE INDEX i ON t (c); ALTER TABLE t ADD d TEXT; DROP VIEW v',
    );
    expect(parsed.ok && parsed.statements.map(reverseSqlite)).toEqual([
      'DROP TABLE "a b";',
      'DROP INDEX i;',
      'ALTER TABLE t DROP COLUMN d;',
      undefined,
    ]);
  });
});

describe('the ledger of the engine', () => {
  it.each([
    'DROP TABLE schema_migrations;',
    'DROP TABLE IF EXISTS orders, public.schema_migrations;',
    'DELETE FROM "schema_migrations" WHERE id = \'001_a\';',
    'ALTER TABLE schema_migrations_catalog RENAME TO old;',
  ])('may not be changed by a migration: %s', (statement) => {
    expect(reported(lint(`-- contract:\n${statement}`))).toContain('001_case.contract.sql: changing-ledger');
  });

  it('is known by its configured name', () => {
    const migration = aMigration('001_case', { contract: 'DROP TABLE shop.bg_steps; DROP TABLE bg_steps_old;' });
    const found = [postgresDialect, mariadbDialect, sqliteDialect].map((dialect) =>
      dialect.lint([migration], { ledger: 'shop.bg_steps' }).filter(({ rule }) => rule === 'changing-ledger'),
    );
    expect(found.map((each) => each.map(({ statement, message }) => [statement, message]))).toEqual(
      Array.from({ length: 3 }, () => [
        [expect.stringContaining('shop.bg_steps'), expect.stringContaining('the table bg_steps belongs to the engine')],
      ]),
    );
  });

  it('may be read, and named in a comment or a string', () => {
    const found = lint(
      "-- contract:\nSELECT id FROM schema_migrations;\nSELECT 'schema_migrations'; -- schema_migrations",
    );
    expect(reported(found)).toEqual([]);
  });
});
