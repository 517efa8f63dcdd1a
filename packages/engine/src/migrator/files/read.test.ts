import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesOf } from './migration.ts';
import { formatFileProblem, readMigrations } from './read.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-migrations-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string | Buffer>>;

function read(files: Files) {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return readMigrations(folder);
}

function problems(files: Files): readonly string[] {
  const result = read(files);
  return result.ok ? [] : result.problems.map(formatFileProblem);
}

const backfill = `-- @table users
-- @key id
UPDATE users SET nick = name WHERE id BETWEEN :from AND :to;
`;

describe('what is right', () => {
  test('a folder that is not there is a release without migrations', () => {
    expect(readMigrations(join(folder, 'none'))).toEqual({ ok: true, migrations: [] });
  });

  test('the files of a migration are put together, in order of number', () => {
    const result = read({
      '007_nick.contract.sql': 'ALTER TABLE users DROP COLUMN name;',
      '007_nick.expand.sql':
        '-- A comment.\n-- @requires 002_old, 006_tables\n-- @sync\nALTER TABLE users ADD COLUMN nick text;',
      '007_nick.revert.sql': 'ALTER TABLE users DROP COLUMN nick;',
      '007_nick.backfill.sql': `-- @batch 250\n-- @verify SELECT count(*) FROM users WHERE nick IS NULL;\n${backfill}`,
      '006_tables.expand.sql':
        '-- @no-transaction\n-- @accept lock-table: at night, 3 rows: measured\nCREATE TABLE a (id int);',
      'README.md': 'not read',
    });
    if (!result.ok) throw new Error(result.problems.map(formatFileProblem).join('\n'));
    const [tables, nick] = result.migrations;
    expect(tables).toMatchObject({ id: '006_tables', number: 6, requires: [] });
    expect(tables?.expand).toMatchObject({
      transaction: false,
      sync: false,
      accepted: [{ rule: 'lock-table', reason: 'at night, 3 rows: measured', line: 2 }],
    });
    expect(nick).toMatchObject({
      number: 7,
      requires: ['002_old', '006_tables'],
      expand: { transaction: true, sync: true },
    });
    expect(nick?.backfill).toMatchObject({ table: 'users', key: 'id', batch: 250 });
    expect(nick?.backfill?.verify).toBe('SELECT count(*) FROM users WHERE nick IS NULL');
    expect(nick && filesOf(nick).map(({ stage }) => stage)).toEqual(['expand', 'backfill', 'contract', 'revert']);
  });

  test('line ends and a byte order mark make no other file of it', () => {
    const plain = read({ '001_a.expand.sql': 'CREATE TABLE a\n(id int);\n' });
    const windows = read({ '001_a.expand.sql': '\ufeffCREATE TABLE a\r\n(id int);\r\n' });
    expect(windows).toEqual(plain);
    expect(plain).toMatchObject({ ok: true });
  });

  test('a migration may only tighten', () => {
    expect(problems({ '001_tight.contract.sql': 'ALTER TABLE users ALTER COLUMN nick SET NOT NULL;' })).toEqual([]);
  });

  test('what looks like a command, a directive or a parameter inside strings and comments is none', () => {
    const text = `-- \\i in a comment
/* @requires nothing
\\connect */
INSERT INTO notes (text) VALUES ('
\\copy in a string; @table x'), ($body$
\\gexec :from $body$), (E'it\\'s
\\d');
-- @anna please look at this later
SELECT "\\odd" FROM notes;
`;
    expect(problems({ '001_a.expand.sql': text })).toEqual([]);
    expect(
      problems({
        '001_a.expand.sql': 'SELECT 1;',
        '002_b.backfill.sql': `${backfill.replace('= name', "= name || ':other; -- '")}`,
      }),
    ).toEqual([]);
  });
});

describe('names', () => {
  test.each([
    ['1_a.expand.sql', /expected a name such as 003_full_name.expand.sql/],
    ['001-a.expand.sql', /expected a name/],
    ['001_A.expand.sql', /expected a name/],
    ['001_a.sql', /expected a name/],
    ['001_a.expand.SQL', /expected a name/],
    ['000_a.expand.sql', /the first number is 001/],
    ['001_a.expnad.sql', /"expnad" is no stage; did you mean .expand.sql\?/],
    ['001_a.rollback.sql', /"rollback" is no stage: expected expand, backfill, contract, revert/],
  ])('%s', (name, problem) => {
    expect(problems({ [name]: 'SELECT 1;' })).toEqual([expect.stringMatching(problem)]);
  });

  test('a number that is left out or occurs twice, and a revert without an expand', () => {
    const one = 'SELECT 1;';
    expect(
      problems({
        '001_a.expand.sql': one,
        '002_b.expand.sql': one,
        '002_c.expand.sql': one,
        '005_d.expand.sql': one,
        '006_e.contract.sql': one,
        '006_e.revert.sql': one,
      }),
    ).toEqual([
      '002_c.expand.sql: its number is taken by 002_b; take the next free one',
      '005_d.expand.sql: number 3 is missing between 002_c and this one',
      '006_e.revert.sql: there is no 006_e.expand.sql to take back',
    ]);
  });

  test('a date or a timestamp as a number leaves no number out', () => {
    const one = 'SELECT 1;';
    expect(
      problems({ '20261129_a.contract.sql': one, '20261203101500_b.contract.sql': `-- @requires 20261129_a\n${one}` }),
    ).toEqual([]);
  });

  test('a folder and a link are no files', () => {
    mkdirSync(join(folder, '001_a.expand.sql'));
    symlinkSync('/etc/hostname', join(folder, '002_b.expand.sql'));
    expect(problems({})).toEqual([
      expect.stringMatching(/^001_a.expand.sql: is no plain file/),
      expect.stringMatching(/^002_b.expand.sql: is no plain file/),
    ]);
  });
});

describe('contents', () => {
  test.each([
    ['empty', '', '001_a.expand.sql: holds no statement'],
    ['comments only', '-- one\n/* two */ ;\n', '001_a.expand.sql: holds no statement'],
    ['NUL', 'SELECT 1;\n\0DROP TABLE users;', /^001_a.expand.sql:2: holds a NUL byte/],
    ['UTF-16', Buffer.from('\ufeffSELECT 1;', 'utf16le'), /is encoded in UTF-16/],
    ['Latin-1', Buffer.from("SELECT 1;\n-- Zo\xeb\nSELECT 'a';", 'latin1'), /^001_a.expand.sql:2: is not UTF-8/],
    ['text that runs in another order', 'SELECT 1;\n\nSELECT \u202e 2;', /^001_a.expand.sql:3: holds U\+202e/],
    ['psql', 'SELECT 1;\n  \\i other.sql\n', '001_a.expand.sql:2: \\i is a command of psql or another client, not SQL'],
    ['psql at the end', 'SELECT 1 \\gexec\n', /:1: \\gexec is a command of psql/],
    ['sqlite3', '.read other.sql\nSELECT 1;', '001_a.expand.sql:1: .read is a command of a client, not SQL'],
    ['mysql', 'DELIMITER //\nSELECT 1//', '001_a.expand.sql:1: DELIMITER is a command of a client, not SQL'],
    ['copy', 'COPY users (id)\n FROM STDIN;', /^001_a.expand.sql:1: COPY … FROM STDIN needs a client/],
  ])('%s', (_, text, problem) => {
    expect(problems({ '001_a.expand.sql': text })).toEqual([
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    ]);
  });
});

describe('directives', () => {
  test.each([
    ['-- @no-transction\nSELECT 1;', /:1: @no-transction is unknown; did you mean @no-transaction\?/],
    ['-- @owner anna\nSELECT 1;', /:1: @owner is unknown; known are @requires/],
    ['SELECT 1;\n-- @no-transaction\nSELECT 2;', /:2: @no-transaction must stand before the first statement/],
    ['-- @batch 10\nSELECT 1;', /:1: @batch has no meaning in a .expand.sql file; it belongs into .backfill.sql/],
    ['-- @no-transaction please\nSELECT 1;', /:1: expected `-- @no-transaction`/],
    ['-- @accept drop-column\nSELECT 1;', /:1: expected `-- @accept <rule>: <reason>`, with a reason/],
    ['-- @accept drop-column:   \nSELECT 1;', /:1: expected `-- @accept <rule>: <reason>`, with a reason/],
    ['-- @sync\n-- @sync\nSELECT 1;', /:2: @sync is said twice/],
    ['-- @requires nick\nSELECT 1;', /:1: "nick" is no id/],
    ['-- @requires 002_later\nSELECT 1;', /:1: requires 002_later, which does not come before it/],
    ['-- @requires\nSELECT 1;', /:1: expected `-- @requires 002_name, 003_name`/],
  ])('%j', (text, problem) => {
    expect(problems({ '002_a.expand.sql': text })).toEqual([expect.stringMatching(problem)]);
  });

  test('what is required and does not exist is reported with the nearest name', () => {
    expect(
      problems({ '001_users.expand.sql': 'SELECT 1;', '002_b.expand.sql': '-- @requires 001_user\nSELECT 1;' }),
    ).toEqual(['002_b.expand.sql:1: requires 001_user, which does not exist; did you mean 001_users?']);
  });
});

describe('backfills', () => {
  const withText = (text: string) => problems({ '001_a.backfill.sql': text });
  const header = '-- @table users\n-- @key id\n';

  test('one that is right', () => {
    expect(withText(backfill)).toEqual([]);
    expect(withText(`${header}INSERT INTO b SELECT u."id" FROM users u WHERE u."id" BETWEEN :from AND :to`)).toEqual(
      [],
    );
    expect(
      withText(`-- @table public."Users"\n-- @key "Id"\nDELETE FROM public."Users" WHERE "Id" BETWEEN :from AND :to`),
    ).toEqual([]);
    expect(withText(`${header}UPDATE users SET a = b::text WHERE id BETWEEN :from AND :to`)).toEqual([]);
  });

  test('everything that is missing is reported at once', () => {
    expect(withText('-- @batch many\nSELECT 1;')).toEqual([
      expect.stringMatching(/needs `-- @table …`: the table whose rows/),
      expect.stringMatching(/needs `-- @key …`: its column/),
      expect.stringMatching(/must say `id BETWEEN :from AND :to`/),
      expect.stringMatching(/:1: expected a number of rows from 1 to 50000/),
      expect.stringMatching(/:2: a backfill is an UPDATE, an INSERT … SELECT or a DELETE, not SELECT/),
    ]);
  });

  test.each([
    [
      `${header}UPDATE users SET a = 1 WHERE id BETWEEN :from AND :to;\nDELETE FROM x;`,
      /:4: a backfill is one statement; a second/,
    ],
    [`${header}UPDATE users SET a = :value WHERE id BETWEEN :from AND :to`, /:3: :value is unknown/],
    [`${header}UPDATE users SET a = 1\nWHERE number BETWEEN :from AND :to`, /:4: goes by number, while @key is id/],
    [`${header}UPDATE users SET a = :from WHERE id BETWEEN :from AND :to`, /:from and :to may stand in/],
    [
      `-- @table users; DROP TABLE x\n-- @key id\nDELETE FROM users WHERE id BETWEEN :from AND :to`,
      /:1: expected one name after @table/,
    ],
    [
      `-- @table users\n-- @key lower(id)\nDELETE FROM users WHERE id BETWEEN :from AND :to`,
      /:2: expected one name after @key/,
    ],
    [`-- @batch 0\n${backfill}`, /:1: expected a number of rows from 1/],
    [`-- @verify DELETE FROM users\n${backfill}`, /:1: expected one SELECT of one number/],
    [`-- @verify SELECT 1; SELECT 2\n${backfill}`, /:1: expected one SELECT of one number/],
  ])('%j', (text, problem) => {
    const [first] = withText(text);
    expect(first).toMatch(problem);
  });
});

describe('the bounds of a backfill', () => {
  const filled = (statement: string) =>
    problems({ '001_a.expand.sql': 'SELECT 1;', '001_a.backfill.sql': `-- @table users\n-- @key id\n${statement}\n` });

  test.each([
    'UPDATE plans SET a = 1 WHERE id BETWEEN :from AND :to;',
    'UPDATE users u SET a = p.a FROM plans p WHERE p.id BETWEEN :from AND :to AND p.id = u.plan_id;',
    'DELETE FROM plans WHERE id BETWEEN :from AND :to;',
  ])('are refused on another table: %s', (statement) => {
    expect(filled(statement)).toEqual([expect.stringContaining(':from and :to are keys of users')]);
  });

  test.each([
    'UPDATE users SET a = 1 WHERE id BETWEEN :from AND :to;',
    'UPDATE "users" AS u SET a = 1 WHERE u.id BETWEEN :from AND :to;',
    'UPDATE public.users SET a = 1 WHERE users.id BETWEEN :from AND :to;',
    'UPDATE profiles p SET a = u.a FROM users u WHERE p.user_id = u.id AND u.id BETWEEN :from AND :to;',
    'INSERT INTO copies SELECT id FROM users WHERE id BETWEEN :from AND :to;',
    'UPDATE users u JOIN plans p ON p.id = u.plan_id SET u.a = p.a WHERE u.id BETWEEN :from AND :to;',
  ])('may be on the table itself: %s', (statement) => {
    expect(filled(statement)).toEqual([]);
  });
});
