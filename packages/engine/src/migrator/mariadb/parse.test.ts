import { describe, expect, it } from 'vitest';
import { fingerprintMariadb, parseMariadb, withBounds } from './parse.ts';
import { isOnline, kindOf } from './statement-kind.ts';

const parsed = (text: string) => {
  const found = parseMariadb(text);
  if (!found.ok) throw new Error(found.problem.problem);
  return found.statements;
};
const split = (text: string) => parsed(text).map(({ line, text: sql }) => [line, sql]);
const problem = (text: string) => {
  const found = parseMariadb(text);
  return found.ok ? undefined : found.problem;
};

describe('splitting', () => {
  it('gives each statement the line of its first token, behind comments of every kind', () => {
    expect(split('-- one\n/* two\n */ SELECT 1;\n\n# é 🎈;\nSELECT 2;;\n;\n  /* x */ SELECT 3 ')).toEqual([
      [3, 'SELECT 1'],
      [6, 'SELECT 2'],
      [8, 'SELECT 3'],
    ]);
  });

  it('knows quotes with backslashes, and minus signs that begin no comment', () => {
    expect(split(`SELECT 'a\\';', "b;\\"", \`c;\\\`;\nSELECT 2--1;SELECT 'it''s;'`)).toEqual([
      [1, `SELECT 'a\\';', "b;\\"", \`c;\\\``],
      [2, 'SELECT 2--1'],
      [2, "SELECT 'it''s;'"],
    ]);
  });

  it('keeps bodies whole', () => {
    const bodies = [
      'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN IF NEW.a THEN SET NEW.a = IF(1, 2, 3); END IF; SET @x = 1; END',
      'CREATE OR REPLACE DEFINER = `root`@`%` TRIGGER t BEFORE INSERT ON a FOR EACH ROW IF NEW.a THEN SET NEW.a = 1; END IF',
      'CREATE PROCEDURE p(IN a INT) BEGIN l: LOOP WHILE a DO REPEAT SET a = 1; UNTIL a END REPEAT; END WHILE; LEAVE l; END LOOP; END',
      'CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN CASE WHEN 1 THEN 2 ELSE 3 END',
      'BEGIN NOT ATOMIC CASE 1 WHEN 1 THEN SELECT 1; END CASE; END',
    ];
    for (const body of bodies)
      expect(split(`${body};\nSELECT 1;`)).toEqual([
        [1, body],
        [2, 'SELECT 1'],
      ]);
  });

  it('takes a literal of megabytes', () => {
    expect(parsed(`INSERT INTO a VALUES ('${'x;'.repeat(2 << 20)}'); SELECT 1`)).toHaveLength(2);
  });

  it('finds no statement in an empty text', () => {
    for (const text of ['', ' \n', '-- only this', ';;', '/* x */']) expect(split(text)).toEqual([]);
  });
});

describe('what must not be passed over', () => {
  it.each([
    ['SELECT 1;\n/*!50000 DROP TABLE users */;', 2, 'executable comment'],
    ['/*M!100 DROP TABLE users */', 1, 'executable comment'],
    ['SELECT 1;\n\0DROP TABLE users', 2, 'NUL byte'],
    ["SELECT 1;\nSELECT 'open", 2, 'never closed'],
    ['SELECT 1 /* open', 1, 'never closed'],
    ['\nDELIMITER //\n', 2, 'command of a client'],
  ])('%j is told with its line', (text, line, sentence) => {
    expect(problem(text)).toEqual({ line, problem: expect.stringContaining(sentence) });
  });
});

describe('the fingerprint', () => {
  it('is the same for other comments, white space and case', () => {
    const text = '-- now\nALTER TABLE users\n  ADD name text;';
    expect(fingerprintMariadb(text)).toBe(fingerprintMariadb('alter table USERS add NAME text ;'));
  });

  it('differs for another literal, another quoted name, another order', () => {
    const of = fingerprintMariadb;
    expect(of('ALTER TABLE a ADD b int DEFAULT 5')).not.toBe(of('ALTER TABLE a ADD b int DEFAULT 6'));
    expect(of('DROP TABLE `A`')).not.toBe(of('DROP TABLE `a`'));
    expect(of('SELECT 1; SELECT 2')).not.toBe(of('SELECT 2; SELECT 1'));
    expect(of("SELECT 'open")).not.toBe(of("SELECT 'other"));
  });
});

it('the bounds of a backfill are put where they are code, and nowhere else', () => {
  const [statement] = parsed(
    "-- :from\n UPDATE t SET a = ':from' /* :to */ WHERE `:to` = 1 AND id BETWEEN :from AND :to",
  );
  if (!statement) throw new Error('no statement');
  expect(withBounds(statement, { from: '5', to: "'$&'" })).toBe(
    "UPDATE t SET a = ':from' /* :to */ WHERE `:to` = 1 AND id BETWEEN 5 AND '$&'",
  );
});

it.each([
  ['INSERT INTO a VALUES (1)', 'data'],
  ['(SELECT 1)', 'opaque'],
  ['create table a (id int)', 'schema'],
  ['CREATE TEMPORARY TABLE a (id int)', 'opaque'],
  ['CREATE USER a', 'opaque'],
  ['CALL p()', 'opaque'],
  ['BEGIN', 'control'],
  ['BEGIN NOT ATOMIC SELECT 1; END', 'opaque'],
  ['SET @a = 1', 'session'],
  ['OPTIMIZE TABLE a', 'repeatable'],
])('%s is %s', (text, kind) => {
  expect(parsed(text).map(kindOf)).toEqual([kind]);
});

it('what asks for no lock may take its time', () => {
  expect(parsed('ALTER TABLE a ADD b INT, LOCK=NONE; ALTER TABLE a ADD b INT, LOCK = NONE').every(isOnline)).toBe(true);
  expect(parsed("ALTER TABLE a ADD b INT, LOCK=SHARED; SELECT 'LOCK=NONE'").some(isOnline)).toBe(false);
});
