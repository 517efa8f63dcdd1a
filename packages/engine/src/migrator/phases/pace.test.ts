import { expect, test } from 'vitest';
import { postgresDialect } from '../postgres/dialect.ts';
import { sqliteDialect } from '../sqlite/dialect.ts';
import { firstPace, msLeft, nextPace } from './pace.ts';

const quiet = { cursor: '1', pressed: false };

test('batches grow until one takes its time, and shrink when they take longer', () => {
  let pace = firstPace(1_000);
  // 20 rows in a millisecond.
  for (let batch = 0; batch < 20; batch += 1)
    pace = nextPace(pace, { ...quiet, rows: pace.size, tookMs: pace.size / 20 }, 500);
  expect(pace.size).toBe(10_000);
  expect(pace.sleepMs).toBe(500);
  const slower = nextPace(pace, { ...quiet, rows: pace.size, tookMs: 2_000 }, 500);
  expect(slower.size).toBe(5_000);
});

test('a batch that blocks others becomes smaller and waits', () => {
  const pressed = nextPace(firstPace(1_000), { rows: 1_000, cursor: '1', tookMs: 400, pressed: true }, 500);
  expect(pressed).toMatchObject({ size: 500, sleepMs: 1_600 });
  expect(nextPace(pressed, { rows: 500, cursor: '1', tookMs: 10, pressed: true }, 500)).toMatchObject({
    size: 250,
    sleepMs: 1_000,
  });
});

test('there is an end to growing, to shrinking and to waiting', () => {
  expect(nextPace(firstPace(40_000), { ...quiet, rows: 40_000, tookMs: 0 }, 500).size).toBe(50_000);
  expect(nextPace(firstPace(10), { ...quiet, rows: 10, tookMs: 60_000 }, 500)).toMatchObject({
    size: 10,
    sleepMs: 10_000,
  });
});

test('the time left is rows times the pace of late, pauses included', () => {
  const pace = nextPace(firstPace(100), { ...quiet, rows: 100, tookMs: 50 }, 500);
  expect(msLeft(pace, 100, 1_100)).toBe(1_000);
  expect(msLeft(pace, 1_200, 1_100)).toBe(0);
  expect(msLeft(pace, 100, undefined)).toBeUndefined();
  expect(msLeft(firstPace(100), 0, 1_100)).toBeUndefined();
});

test('in SQLite a batch is short, since every writer waits for it', () => {
  expect(sqliteDialect.batchMs).toBeLessThan(postgresDialect.batchMs);
});
