import { expect, test } from 'vitest';
import { againstTheWeight, lastOldAnswersMs, staleAfterSwitches } from './judge.ts';
import type { Records } from './load/records.ts';

type Row = readonly [started: number, ended: number, slot: 'blue' | 'green', user?: number, slow?: boolean];

function records(rows: readonly Row[]): Records {
  return {
    started: Float64Array.from(rows, ([started]) => started),
    ended: Float64Array.from(rows, ([, ended]) => ended),
    slot: Uint8Array.from(rows, ([, , slot]) => (slot === 'blue' ? 0 : 1)),
    user: Uint16Array.from(rows, ([, , , user]) => user ?? 0),
    slow: Uint8Array.from(rows, ([, , , , slow]) => (slow ? 1 : 0)),
  };
}

const switches = [
  { to: 'green', began: 100, returned: 110 },
  { to: 'blue', began: 200, returned: 210 },
] as const;

test('an answer is stale when its request began after the command had returned, and the old side gave it', () => {
  expect(staleAfterSwitches(records([[111, 115, 'blue']]), 'blue', switches)).toBe(1);
  expect(staleAfterSwitches(records([[211, 215, 'green']]), 'blue', switches)).toBe(1);
  expect(staleAfterSwitches(records([[50, 60, 'green']]), 'blue', switches)).toBe(1);
});

test('while a command runs both sides may answer, and what began before may end long after', () => {
  const fair: readonly Row[] = [
    [90, 99, 'blue'],
    [101, 105, 'blue'],
    [101, 105, 'green'],
    [109, 190, 'blue'],
    [111, 115, 'green'],
    [150, 205, 'blue'],
    [20, 300, 'green'],
    [20, 300, 'blue'],
  ];
  expect(staleAfterSwitches(records(fair), 'blue', switches)).toBe(0);
});

test('the last old answer is counted from the beginning of each command, without the slow ones', () => {
  const rows: readonly Row[] = [
    [99, 104, 'blue'],
    [101, 103, 'blue'],
    [50, 180, 'blue', 0, true],
    [199, 217, 'green'],
  ];
  expect(lastOldAnswersMs(records(rows), switches)).toEqual([4, 17]);
});

test('a user who goes to green at some weight, and to blue below it, is explained; one who wavers is not', () => {
  const weights = [10, 50, 20, 50].map((to, at) => ({ to, began: at * 100, returned: at * 100 + 10 }));
  const steady: readonly Row[] = [
    [20, 30, 'blue', 1],
    [120, 130, 'green', 1],
    [220, 230, 'blue', 1],
    [320, 330, 'green', 1],
    [20, 30, 'green', 2],
    [220, 230, 'green', 2],
    // In the middle of a change anything goes.
    [195, 205, 'blue', 2],
  ];
  expect(againstTheWeight(records(steady), weights)).toBe(0);
  expect(againstTheWeight(records([...steady, [340, 350, 'blue', 1]]), weights)).toBe(1);
  expect(againstTheWeight(records([...steady, [240, 250, 'blue', 2]]), weights)).toBe(1);
});
