import { beforeAll, describe, expect, it } from 'vitest';
import { loadGrammar } from './grammar.ts';
import { fingerprintPostgres, parsePostgres } from './parse.ts';

beforeAll(loadGrammar);

const split = (text: string): readonly [number, string][] => {
  const parsed = parsePostgres(text);
  if (!parsed.ok) throw new Error(parsed.problem.problem);
  return parsed.statements.map(({ line, text: sql }) => [line, sql]);
};
const problem = (text: string): unknown => {
  const parsed = parsePostgres(text);
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

  it('counts bytes where the server counts bytes', () => {
    expect(split(`SELECT 'ééé漢🎈';\nALTER TABLE "größe" ADD "ß" int;\nSELECT 2`)).toEqual([
      [1, `SELECT 'ééé漢🎈'`],
      [2, 'ALTER TABLE "größe" ADD "ß" int'],
      [3, 'SELECT 2'],
    ]);
  });

  it('does not split at semicolons inside bodies and literals', () => {
    expect(split(`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;\nSELECT ';'`)).toHaveLength(2);
  });

  it('keeps the bounds of a backfill as they were written', () => {
    expect(split('UPDATE t SET a = b::text WHERE id BETWEEN :from AND :to')).toEqual([
      [1, 'UPDATE t SET a = b::text WHERE id BETWEEN :from AND :to'],
    ]);
  });

  it('finds no statement in an empty text', () => {
    for (const text of ['', ' \n', '-- only this', ';;', '/* x */']) expect(split(text)).toEqual([]);
  });
});

describe('a text that is no SQL', () => {
  it('is reported with its line, whatever comes before', () => {
    expect(problem(`SELECT 'é漢🎈';\n\nSELEC 2`)).toEqual({
      line: 3,
      problem: 'syntax error at or near "SELEC"',
    });
  });

  it('may not hide behind a NUL byte', () => {
    expect(problem('SELECT 1;\n\0DROP TABLE users')).toMatchObject({ line: 2 });
  });

  it('may nest too deeply, and the grammar still works', () => {
    expect(problem(`SELECT ${'1+'.repeat(20_000)}1`)).toMatchObject({ problem: expect.stringContaining('too deeply') });
    expect(problem(`SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`)).toMatchObject({ line: 1 });
    expect(split('SELECT 1')).toHaveLength(1);
  });
});

describe('the fingerprint', () => {
  const of = fingerprintPostgres;

  it('is the same for other comments, white space and case', () => {
    expect(of('-- now\nALTER TABLE users\n  ADD name text;')).toBe(of('alter table USERS add NAME text ;'));
  });

  it('differs for another literal, another quoted name, another order', () => {
    expect(of('ALTER TABLE a ADD b int DEFAULT 5')).not.toBe(of('ALTER TABLE a ADD b int DEFAULT 6'));
    expect(of('DROP TABLE "A"')).not.toBe(of('DROP TABLE "a"'));
    expect(of(`SELECT 'A'`)).not.toBe(of(`SELECT 'a'`));
    expect(of('SELECT 1; SELECT 2')).not.toBe(of('SELECT 2; SELECT 1'));
    expect(of(`SELECT 'a' 'b'`)).not.toBe(of(`SELECT 'a b'`));
  });

  it('exists for text that is no SQL too', () => {
    expect(of(`SELECT 'open`)).not.toBe(of(`SELECT 'other`));
  });
});
