import { expect, test } from 'vitest';
import { createCounters } from './counters.ts';
import { createFailureList } from './failures.ts';

const failing = (path: string, more: object = {}) => ({
  status: 500,
  ms: 1.26,
  failure: undefined,
  request: { id: 'r1', method: 'GET', path },
  ...more,
});

test('of each minute the first ten are retained, and the oldest ten since a time are listed', () => {
  const list = createFailureList();
  for (let second = 0; second < 180; second += 1) list.add(60_000_000 + second * 1_000, failing(`/${second}`));
  expect(list.since(0).map(({ path }) => path)).toEqual(Array.from({ length: 10 }, (_, at) => `/${at}`));
  expect(list.since(60_060_000)[0]).toEqual({
    at: 60_060_000,
    id: 'r1',
    method: 'GET',
    path: '/60',
    status: 500,
    failure: undefined,
    ms: 1.3,
  });
  expect(list.since(60_180_000)).toEqual([]);
});

test('a line that comes after those of later requests has its place among the first ten', () => {
  const list = createFailureList();
  for (const second of [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 4, 11]) list.add(60_000_000 + second, failing(`/${second}`));
  expect(list.since(0).map(({ path }) => path)).toEqual(Array.from({ length: 10 }, (_, at) => `/${at}`));
});

test('what is older than an hour is forgotten, and a line that comes an hour late is left out', () => {
  const list = createFailureList();
  list.add(60_000_000, failing('/old'));
  list.add(60_000_000 + 3_600_000, failing('/new'));
  list.add(60_000_000, failing('/late'));
  expect(list.since(0).map(({ path }) => path)).toEqual(['/new']);
  let now = 60_000_000;
  const counters = createCounters(() => now);
  counters.record('green', failing('/x'));
  expect(counters.failures('green', 0)).toHaveLength(1);
  now += 3_600_001;
  expect(counters.failures('green', 0)).toEqual([]);
});

test.each([
  ['/a?token=1', '/a'],
  ['/a#b?c', '/a'],
  ['http://name:password@host/a/b?c', '/a/b'],
  ['/\u001b[31m\nüx', '/_[31m__x'],
  [`/${'y'.repeat(500)}`, `/${'y'.repeat(199)}`],
  ['*', '*'],
  ['-', undefined],
  ['', undefined],
])('%j is listed as %j', (path, shown) => {
  const list = createFailureList();
  list.add(1, failing(path));
  expect(list.since(0)[0]?.path).toBe(shown);
});

test('a request of which nothing is known is listed all the same', () => {
  const list = createFailureList();
  list.add(1, { status: undefined, ms: 5, failure: 'cut' });
  expect(list.since(0)).toEqual([
    { at: 1, id: undefined, method: undefined, path: undefined, status: undefined, failure: 'cut', ms: 5 },
  ]);
});
