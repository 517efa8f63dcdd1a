import { describe, expect, it } from 'vitest';
import { fingerprintSqlite, parseSqlite } from './parse.ts';

const split = (text: string): readonly [number, string][] => {
  const parsed = parseSqlite(text);
  if (!parsed.ok) throw new Error(parsed.problem.problem);
  return parsed.statements.map(({ line, text: sql }) => [line, sql]);
};
const problem = (text: string): unknown => {
  const parsed = parseSqlite(text);
  return parsed.ok ? 'none' : parsed.problem;
};

describe('splitting', () => {
  it('gives each statement the line of its first token, behind comments of every kind', () => {
    expect(split('-- one\n/* two\n */ SELECT 1;\n\n-- é ü 漢 🎈\nSELECT 2;;\n;\n  /* x */ SELECT 3 ')).toEqual([
      [3, 'SELECT 1'],
      [6, 'SELECT 2'],
      [8, 'SELECT 3'],
    ]);
  });

  it('does not split at semicolons inside triggers and literals', () => {
    const trigger = 'CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = 1; DELETE FROM d; END';
    expect(split(`${trigger};\nSELECT ';'`)).toEqual([
      [1, trigger],
      [2, `SELECT ';'`],
    ]);
  });

  it('takes the bounds of a backfill', () => {
    expect(split('UPDATE t SET a = 1 WHERE id BETWEEN :from AND :to')).toHaveLength(1);
  });

  it('finds no statement in an empty text', () => {
    for (const text of ['', ' \n', '-- only this', ';;', '/* x */']) expect(split(text)).toEqual([]);
  });
});

describe('a text that is no SQL', () => {
  it('is reported with its line', () => {
    expect(problem(`SELECT 'é漢🎈';\n\nSELEC 2`)).toEqual({ line: 3, problem: 'near "SELEC": syntax error' });
    expect(problem('SELECT 1;\n.schema')).toMatchObject({ line: 2 });
  });

  it('may not hide behind a NUL byte', () => {
    expect(problem('SELECT 1;\n\0DROP TABLE users')).toMatchObject({ line: 2 });
  });

  it('may nest deeply', () => {
    expect(problem(`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`)).toBeDefined();
    expect(split('SELECT 1')).toHaveLength(1);
  });
});

describe('the fingerprint', () => {
  const of = fingerprintSqlite;

  it('is the same for other comments, white space and case', () => {
    expect(of('-- now\nALTER TABLE users\n  ADD name text;')).toBe(of('alter table USERS add NAME text ;'));
  });

  it('differs for another literal and another order', () => {
    expect(of('ALTER TABLE a ADD b int DEFAULT 5')).not.toBe(of('ALTER TABLE a ADD b int DEFAULT 6'));
    expect(of(`SELECT 'A'`)).not.toBe(of(`SELECT 'a'`));
    expect(of('SELECT 1; SELECT 2')).not.toBe(of('SELECT 2; SELECT 1'));
  });

  it('exists for text that is no SQL too', () => {
    expect(of(`SELECT 'open`)).not.toBe(of(`SELECT 'other`));
  });
});
