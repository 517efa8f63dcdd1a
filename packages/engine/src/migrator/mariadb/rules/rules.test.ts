import { describe, expect, it } from 'vitest';
import type { Stage } from '../../files/migration.ts';
import { aMigration, aSqlFile } from '../../testing/a-migration.ts';
import { lintSections, sectionsOf } from '../../testing/sections.ts';
import { mariadbDialect } from '../dialect.ts';

/** `expand: …` unless another stage is named; a revert exists, so that its absence is no finding. */
function lint(text: string, stage: Stage = 'expand') {
  const files = stage === 'expand' ? { expand: text } : { expand: 'SELECT 1;', [stage]: text };
  const migration = aMigration('002_change', { revert: 'SELECT 1;', ...files });
  const { expand } = migration;
  // What reads the files finds it among the directives.
  return mariadbDialect.lint([{ ...migration, expand: expand && { ...expand, sync: text.includes('-- @sync') } }]);
}
const rules = (text: string, stage?: Stage) => lint(text, stage).map(({ rule }) => rule);

describe('a hazard in expand', () => {
  it.each([
    ['ALTER TABLE users ADD COLUMN nick VARCHAR(20) NOT NULL', ['adding-required-field']],
    [
      'ALTER TABLE users ADD (a INT NOT NULL, b INT), ADD c INT NOT NULL',
      ['adding-required-field', 'adding-required-field'],
    ],
    ['alter table `users` add `key` int not null check (`key` is not null)', ['adding-required-field']],
    ['ALTER TABLE users DROP COLUMN nick', ['ban-drop-column']],
    ['ALTER TABLE users DROP nick, DROP INDEX i', ['ban-drop-column']],
    ['ALTER TABLE users DROP `index`', ['ban-drop-column']],
    ['ALTER TABLE users RENAME COLUMN a TO b', ['renaming-column']],
    ['ALTER TABLE users CHANGE a b INT', ['renaming-column', 'changing-column-type']],
    ['ALTER TABLE users CHANGE COLUMN a a BIGINT', ['changing-column-type']],
    ['ALTER TABLE users MODIFY a VARCHAR(20) NOT NULL', ['adding-not-nullable-field', 'changing-column-type']],
    ['ALTER TABLE users ALTER COLUMN a DROP DEFAULT', ['dropping-default']],
    ['ALTER TABLE users ADD a INT AS (b + 1) STORED', ['adding-stored-generated-field']],
    ['DROP TABLE users', ['ban-drop-table']],
    ['DROP TABLE IF EXISTS users, shop.orders', ['ban-drop-table', 'one-object-per-drop']],
    ['DROP DATABASE shop', ['ban-drop-database', 'opaque-sql']],
    ['DROP VIEW v', ['ban-drop-object']],
    ['DROP TRIGGER t', ['ban-drop-object']],
    ['RENAME TABLE a TO b, c TO d', ['renaming-table', 'renaming-table']],
    ['ALTER TABLE a RENAME TO b', ['renaming-table']],
    ['ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0)', ['constraining-old-writes']],
    ['ALTER TABLE a ADD CHECK (x > 0)', ['constraining-old-writes']],
    ['ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES d (e)', ['adding-foreign-key-constraint']],
    ['ALTER TABLE a ADD UNIQUE (b)', ['adding-unique-index']],
    ['CREATE UNIQUE INDEX i ON a (b)', ['adding-unique-index']],
    ['ALTER TABLE a DROP PRIMARY KEY', ['dropping-constraint']],
    ['ALTER TABLE a DROP FOREIGN KEY f', ['dropping-constraint']],
    ['ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4', ['converting-charset']],
    ['CREATE OR REPLACE TABLE a (b INT)', ['replacing-object']],
    ['CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1', ['creating-trigger']],
    ['UPDATE a SET b = 1 WHERE c = 2', ['unbatched-change']],
    ['DELETE FROM a', ['unbatched-change', 'ban-delete-all']],
    ['TRUNCATE a', ['ban-truncate']],
    ['START TRANSACTION', ['transaction-nesting']],
    ['COMMIT', ['transaction-nesting']],
    ['LOCK TABLES a WRITE', ['explicit-lock']],
    ['SET SESSION lock_wait_timeout = 100', ['overriding-timeouts']],
    ["SET @@sql_mode = 'ANSI_QUOTES'", ['overriding-sql-mode']],
    ['SET GLOBAL max_connections = 1', ['opaque-sql']],
    ['SET foreign_key_checks = 0', ['opaque-sql']],
    ['CALL p()', ['opaque-sql']],
    ['BEGIN NOT ATOMIC DROP TABLE a; END', ['opaque-sql']],
    ['REVOKE ALL ON a FROM b', ['changing-rights']],
    ['/*!50000 DROP TABLE users */', ['syntax-error']],
  ])('%s: %j', (text, expected) => {
    expect(rules(`${text};`)).toEqual(expected);
  });
});

describe('a safe migration passes without a word', () => {
  it.each([
    'ALTER TABLE users ADD COLUMN nick VARCHAR(20)',
    "ALTER TABLE users ADD COLUMN nick VARCHAR(20) NOT NULL DEFAULT ''",
    'ALTER TABLE users ADD nick INT AS (a + 1) VIRTUAL',
    'ALTER TABLE users ADD (a INT, b INT)',
    'ALTER TABLE users ADD a INT CHECK (a IS NOT NULL)',
    'ALTER TABLE users ADD INDEX i (a), ALGORITHM=NOCOPY, LOCK=NONE',
    'CREATE INDEX i ON users (a)',
    'DROP INDEX i ON users',
    'ALTER TABLE users RENAME INDEX a TO b',
    "ALTER TABLE users COMMENT = 'DROP TABLE users; NOT NULL'",
    'CREATE TABLE a (id INT PRIMARY KEY, b INT NOT NULL, CHECK (b > 0))',
    'CREATE TABLE a (id INT PRIMARY KEY); ALTER TABLE a ADD b INT NOT NULL, DROP b; UPDATE a SET id = 1; DROP TABLE a',
    'CREATE VIEW v AS SELECT 1; DROP VIEW v',
    'ALTER TABLE users ADD a INT; ALTER TABLE users DROP COLUMN a',
    'INSERT INTO settings (name) VALUES (1)',
    'UPDATE settings SET b = 1 WHERE id = 5',
    "DELETE FROM settings WHERE id IN (5, 'x')",
    'CREATE PROCEDURE p() BEGIN DELETE FROM a; END',
    'CREATE TABLE a (id INT); CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.id = 1',
    'SET @a = 1',
    'GRANT SELECT ON a TO b',
  ])('%s', (text) => {
    expect(rules(`${text};`)).toEqual([]);
  });

  it('nor does contract hear of what belongs there', () => {
    const text = `ALTER TABLE users DROP COLUMN nick;
ALTER TABLE users MODIFY a VARCHAR(20) NOT NULL;
ALTER TABLE users ADD CHECK (a > 0);
ALTER TABLE users ADD UNIQUE (a);
DROP TRIGGER t;
DROP TABLE old_users;`;
    expect(rules(text, 'contract')).toEqual([]);
  });

  it('nor a trigger that declares to only synchronize two columns', () => {
    expect(rules('-- @sync\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = NEW.c;')).toEqual([]);
  });
});

it('a finding has its file, its line, and the safe form for this very statement', () => {
  const text = '-- comment\n\nALTER TABLE `Order Items`\n  ADD COLUMN nick VARCHAR(20) NOT NULL AFTER id;';
  expect(lint(text)).toEqual([
    expect.objectContaining({
      rule: 'adding-required-field',
      file: '002_change.expand.sql',
      line: 3,
      severity: 'error',
      message: expect.stringContaining('order items.nick'),
      safe: `-- expand:
ALTER TABLE \`order items\` ADD COLUMN nick VARCHAR(20) AFTER id;
-- backfill:
-- @table \`order items\`
-- @key id
UPDATE \`order items\` SET nick = '' /* the value for rows that are there */ WHERE id BETWEEN :from AND :to AND nick IS NULL;
-- contract:
ALTER TABLE \`order items\` MODIFY COLUMN nick VARCHAR(20) NOT NULL AFTER id;`,
    }),
  ]);
});

it('every safe form passes in the files that it names', () => {
  const hazardous = [
    'ALTER TABLE users ADD COLUMN nick VARCHAR(20) NOT NULL',
    'ALTER TABLE users ADD a INT AS (b + 1) STORED',
    'ALTER TABLE users DROP COLUMN a',
    'DROP TABLE a, b',
    'UPDATE a SET b = 1 WHERE c = 2',
    'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.b = 1',
  ];
  for (const text of hazardous)
    for (const { safe = '' } of lint(`${text};`)) {
      const sections = safe.split(/^-- (?:then )?(expand|backfill|contract):\n/m).slice(1);
      expect(sections.length, text).toBeGreaterThan(0);
      for (let at = 0; at < sections.length; at += 2)
        expect(rules(sections[at + 1] ?? '', sections[at] as Stage), safe).toEqual([]);
    }
});

describe('a change of all rows', () => {
  const safeOf = (text: string): string | undefined =>
    lint(text, 'contract').find(({ rule }) => rule === 'unbatched-change')?.safe;

  it('is bounded in its own WHERE, and nothing selects rows outside the bounds', () => {
    expect(safeOf('UPDATE a SET b = (SELECT c FROM d WHERE d.e = a.f) WHERE g = 1 OR h = 2;')).toContain(
      'SET b = (SELECT c FROM d WHERE d.e = a.f) WHERE id BETWEEN :from AND :to AND (g = 1 OR h = 2);',
    );
    expect(safeOf("UPDATE a SET b = 'WHERE';")).toContain("SET b = 'WHERE' WHERE id BETWEEN :from AND :to;");
  });

  it.each([
    'UPDATE a JOIN b ON b.id = a.b_id SET a.c = b.c;',
    'UPDATE a, b SET a.c = b.c WHERE b.id = a.b_id;',
    'DELETE a FROM a INNER JOIN b ON b.id = a.b_id;',
    'DELETE FROM a WHERE b < 3 ORDER BY b LIMIT 100000;',
    'UPDATE a SET b = 1 WHERE c IN (SELECT c FROM (SELECT c FROM a) AS x);',
  ])('has no form where bounds could not hold: %s', (text) => {
    expect(safeOf(text)).toBeUndefined();
  });

  it('goes by the key of the table', () => {
    const after = (create: string): string | undefined =>
      lintSections(
        mariadbDialect,
        sectionsOf(`-- expand:\n${create}\n-- then contract:\nUPDATE link SET note = 'x';`),
      ).find(({ rule }) => rule === 'unbatched-change')?.safe;
    expect(after('CREATE TABLE link (a INT, b INT, note TEXT, PRIMARY KEY (a, b));')).toContain('-- @key a\n');
    expect(after('CREATE TABLE link (a INT, note TEXT);')).toBeUndefined();
  });
});

it('a missing revert is written where it can be', () => {
  const expand = 'CREATE TABLE a (id INT);\nCREATE INDEX i ON b (c);\nALTER TABLE b ADD d INT, ADD e INT;';
  const [finding] = mariadbDialect.lint([aMigration('001_a', { expand })]);
  expect(finding).toMatchObject({
    rule: 'missing-revert',
    safe: '-- revert:\nALTER TABLE b DROP COLUMN e, DROP COLUMN d;\nDROP INDEX i ON b;\nDROP TABLE a;',
  });
});

it('ten thousand statements take no noticeable time', () => {
  const text = Array.from({ length: 10_000 }, (_, at) => `ALTER TABLE t${at} ADD COLUMN c${at} INT NOT NULL;`).join(
    '\n',
  );
  const began = performance.now();
  expect(
    mariadbDialect.lint([
      { ...aMigration('001_a', { revert: 'SELECT 1;' }), expand: aSqlFile('001_a', 'expand', text) },
    ]),
  ).toHaveLength(10_000);
  expect(performance.now() - began).toBeLessThan(10_000);
});
