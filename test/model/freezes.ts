// Which freezes hold at a moment, computed without a calendar: weeks of UTC have no gaps.

import { freezes } from './configuration.ts';

const day = 24 * 3_600_000;
export const week = 7 * day;
/** 1970-01-01 was a Thursday: the first Monday began four days later. */
const firstMonday = 4 * day;

export const sinceMonday = (at: number): number => (at - firstMonday) % week;

export interface Holding {
  /** Of this week alone. */
  readonly key: string;
  readonly override: 'approvers' | 'nobody';
}

export function frozenAt(at: number): readonly Holding[] {
  const inWeek = sinceMonday(at);
  return freezes
    .filter(({ from, to }) => from <= inWeek && inWeek < to)
    .map(({ name, override }) => ({ key: `${name}@${Math.floor((at - firstMonday) / week)}`, override }));
}
