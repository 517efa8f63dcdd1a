// What is tried of a release, and the values that replace its own.

import { describe, expect, test } from 'vitest';
import type { SchemaShape } from '../shape.ts';
import { aRelease } from '../testing-release.ts';
import { filledIn, placeholdersOf } from './placeholders.ts';
import { trialsOf } from './trial.ts';
import { valueFor } from './values.ts';

const shapeOf = (tables: readonly string[]): SchemaShape => ({
  relations: Object.fromEntries(tables.map((name) => [name, { kind: 'table' as const, definition: '' }])),
  columns: Object.fromEntries(
    tables.map((table) => [`${table}.id`, { table, type: 'integer', notNull: true, fallback: undefined, position: 1 }]),
  ),
  ...{ rules: {}, routines: {}, enums: {}, grants: [] },
});

describe('placeholders', () => {
  const filled = (text: string, columns?: readonly string[]) =>
    filledIn(text, placeholdersOf(text, columns), ({ number, column }) => `<${column ?? ''}${number}>`);

  test.each([
    ['INSERT INTO t (a, b) VALUES ($2, lower($1))', ['a', 'b'], 'INSERT INTO t (a, b) VALUES (<a2>, lower(<1>))'],
    ["INSERT INTO t (a, b) VALUES ('$1 ?', $1::text)", ['a', 'b'], "INSERT INTO t (a, b) VALUES ('$1 ?', <b1>::text)"],
    [
      'UPDATE t SET a = ? WHERE t.id = ? AND "B" < ?',
      undefined,
      'UPDATE t SET a = <a1> WHERE t.id = <id2> AND "B" < <B3>',
    ],
    ['UPDATE t SET a = :name, b = :name WHERE c = @key', undefined, 'UPDATE t SET a = <a1>, b = <b1> WHERE c = <c2>'],
    ['DELETE FROM t WHERE x ? $1 AND y::int = $2', undefined, 'DELETE FROM t WHERE x ? <1> AND y::int = <int2>'],
    ['INSERT INTO t VALUES (?1, ?1)', ['a', 'b'], 'INSERT INTO t VALUES (<a1>, <b1>)'],
  ])('%s', (text, columns, expected) => {
    expect(filled(text, columns)).toBe(expected);
  });
});

test('values fit their types, and the size of a text', () => {
  const types = [
    'varchar(3)',
    'numeric(10,2)',
    "enum('a','b')",
    'timestamp with time zone',
    'uuid',
    'text[]',
    'boolean',
  ];
  expect(types.map((type) => valueFor(type, 1_001, 'address'))).toEqual([
    ...['100', '1001', 'a', '2003-09-29 00:00:00', '00000000-0000-4000-8000-000000001001', '{}', 'true'],
  ]);
  expect(valueFor('mood', 1, 'number', ['calm'])).toBe('calm');
});

test('what is left out is said: tables past the sixtieth, writes past the five hundredth; the ledger is never tried', () => {
  const tables = ['ledger', ...Array.from({ length: 62 }, (_, n) => `t${n}`)];
  const input = {
    files: [{ file: '002.expand.sql' }],
    since: shapeOf(tables),
    isLedger: (name: string) => name === 'ledger',
  };
  const readUse = () => ({ reads: [], writes: ['t0.id'], stars: [], inserts: [], routines: [] });
  const unknown = trialsOf({ ...input, readUse, releases: [aRelease('v1')] });
  expect(unknown.trials).toHaveLength(3 * 60);
  expect(unknown.notTried).toEqual(['writes of v1 to 2 tables: 60 were tried']);
  const statements = Array.from({ length: 502 }, (_, n) => `UPDATE t0 SET id = ${n}`);
  const many = trialsOf({ ...input, readUse, releases: [aRelease('v1', { statements })] });
  expect(many.trials).toHaveLength(500);
  expect(many.notTried).toEqual(['2 writes of v1: 500 were tried']);
  const declared = { declared: { reads: ['t1'], writes: ['t2'] } };
  expect(
    trialsOf({ ...input, readUse, releases: [aRelease('v1', declared)] }).trials.map(({ table }) => table),
  ).toEqual(['t2', 't2', 't2']);
});
