import { describe, expect, it } from 'vitest';
import { postgresDialect } from '../../postgres/dialect.ts';
import { lintSections, sectionsOf } from '../../testing/sections.ts';
import { mariadbDialect } from '../dialect.ts';
import { parseMariadb } from '../parse.ts';
import { readOnlineChange } from './change.ts';

function read(text: string) {
  const parsed = parseMariadb(text);
  if (!parsed.ok) throw new Error(parsed.problem.problem);
  return readOnlineChange(parsed.statements);
}

const rules = (text: string, stage = 'expand') =>
  lintSections(mariadbDialect, sectionsOf(`-- ${stage}:\n-- @online pt-osc\n${text}`))
    .filter(({ severity }) => severity === 'error')
    .map(({ rule }) => rule);

describe('a file that a tool runs', () => {
  it.each([
    ['ALTER TABLE users MODIFY age BIGINT;', { table: 'users', alter: 'MODIFY age BIGINT' }],
    ['alter table `Users` add a int, drop index i', { table: 'Users', alter: 'add a int, drop index i' }],
  ])('is taken apart: %s', (text, change) => {
    expect(read(text)).toEqual({ ok: true, change });
  });

  it.each([
    ['ALTER TABLE users ADD a INT; ALTER TABLE users ADD b INT;', 'a second statement'],
    ['UPDATE users SET a = 1;', 'expected ALTER TABLE'],
    ['ALTER TABLE shop.users ADD a INT;', 'of this database'],
    ['ALTER TABLE `users,P=3307` ADD a INT;', 'of this database'],
    ['ALTER TABLE users RENAME TO people;', 'left empty'],
    ['ALTER TABLE users RENAME COLUMN a TO b;', 'left empty'],
    ['ALTER TABLE users CHANGE a b INT;', 'left empty'],
    ['ALTER TABLE users ADD UNIQUE (name);', 'would be lost'],
    ['ALTER TABLE users ADD a INT UNIQUE;', 'would be lost'],
    ['ALTER TABLE users DROP PRIMARY KEY;', 'needs the primary key'],
    ['ALTER TABLE users ADD FOREIGN KEY (a) REFERENCES b (id);', 'other names'],
    ['ALTER TABLE users ADD a INT, ALGORITHM=INSTANT;', 'for the server'],
    ['ALTER TABLE users DROP PARTITION p1;', 'only the server'],
    ['ALTER ONLINE TABLE users ADD a INT;', 'own ways'],
  ])('is refused where a tool would do it wrong: %s', (text, problem) => {
    expect(read(text)).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
    expect(rules(text)).toContain('online-change');
  });

  it('hears no more of writers that wait, and still of what breaks the old release', () => {
    expect(rules('ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4;')).toEqual([]);
    expect(rules('ALTER TABLE users ADD a INT AS (id * 2) STORED;')).toEqual([]);
    expect(rules('ALTER TABLE users DROP COLUMN a;')).toEqual(['ban-drop-column']);
    expect(rules('ALTER TABLE users DROP COLUMN a;', 'contract')).toEqual([]);
  });

  it('is of a table with a key, and of MariaDB or MySQL', async () => {
    await postgresDialect.load();
    const sections = sectionsOf(
      '-- expand:\nCREATE TABLE log (a INT);\n-- then expand:\n-- @online pt-osc\nALTER TABLE log ADD b INT;',
    );
    expect(lintSections(mariadbDialect, sections).map(({ message }) => message)).toContainEqual(
      expect.stringContaining('has no primary key'),
    );
    expect(lintSections(postgresDialect, sections).map(({ rule }) => rule)).toContain('online-change');
  });
});
