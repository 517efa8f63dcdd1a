import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clearMarks, groupsOf, leaveOut, mark, maxWithAllWays, mostMarked } from './marks.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'bg-marks-')), 'ill');
});

afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const marked = () => readdirSync(join(folder, 'blue')).toSorted();

test('unhealthy instances are marked, and no others; where all are unhealthy, none is', () => {
  const side = { folder, slot: 'blue', instances: 3 } as const;
  mark({ ...side, unhealthy: [2] });
  expect(marked()).toEqual(['2']);
  mark({ ...side, unhealthy: [1, 3] });
  expect(marked()).toEqual(['1', '3']);
  mark({ ...side, unhealthy: [1, 2, 3] });
  expect(marked()).toEqual([]);
  clearMarks(folder);
  expect(existsSync(folder)).toBe(false);
});

test('what is left out is marked whatever its health, and stays so when the health process ends', () => {
  const side = { folder, slot: 'blue', instances: 4 } as const;
  leaveOut({ ...side, admitted: 2 });
  expect(marked()).toEqual(['3', '4']);
  mark({ ...side, unhealthy: [2, 4] });
  expect(marked()).toEqual(['2', '3', '4']);
  mark({ ...side, unhealthy: [1, 2, 3, 4] });
  expect(marked()).toEqual(['3', '4']);
  mark({ ...side, unhealthy: [1] });
  leaveOut({ ...side, admitted: 3 });
  expect(marked()).toEqual(['1', '4']);
  clearMarks(folder);
  expect(marked()).toEqual(['4']);
  leaveOut({ ...side, admitted: 4 });
  expect(marked()).toEqual([]);
});

test('nginx can leave out all but one of as many as it says', () => {
  expect(mostMarked(maxWithAllWays)).toBe(maxWithAllWays - 1);
  expect(mostMarked(maxWithAllWays + 1)).toBeLessThan(maxWithAllWays);
});

test('there is a group for every set of marks, and never more than 64 of them', () => {
  expect(groupsOf(3)).toEqual([[1], [1, 2], [1, 3], [2], [2, 3], [3]]);
  for (const instances of [2, 3, 5, 6, 7, 8, 10, 11, 50, 63]) {
    const groups = groupsOf(instances);
    expect(groups.length, String(instances)).toBeLessThanOrEqual(63);
    expect(new Set(groups.map((each) => each.join('.'))).size).toBe(groups.length);
    expect(Math.max(...groups.map(({ length }) => length))).toBe(mostMarked(instances));
  }
  // So many that each could be left out in more ways than that: the rules for single requests are what is left.
  expect([mostMarked(100), groupsOf(100)]).toEqual([0, []]);
});

test('more unhealthy instances than nginx has groups for are marked as far as it has', () => {
  mark({ folder, slot: 'blue', instances: 50, unhealthy: [3, 9, 40] });
  expect(marked()).toEqual(['3']);
});
