// When facts are collected: decided only from values.

import { expect, it } from 'vitest';
import { type Lately, wayOf } from './digest.ts';
import type { Fact } from './facts.ts';

const limits = { after: 2, withinMs: 1_000 };

function play(times: readonly number[]): readonly string[] {
  let lately: Lately = { alone: [], digest: undefined };
  return times.map((now, seq) => {
    const way = wayOf(lately, { seq } as Fact, { now, ...limits });
    lately = way.lately;
    if (way.kind === 'alone') return `${now} alone`;
    const { digest, isNew } = way;
    return `${now} ${isNew ? 'begins' : 'joins'} ${digest.seq} due ${digest.dueAt} with ${digest.facts.length + digest.more}`;
  });
}

it('a few are sent singly, the rest of their time in one digest; then it begins again', () => {
  expect(play([0, 10, 20, 900, 1_000, 1_400, 1_990, 2_200])).toEqual([
    '0 alone',
    '10 alone',
    '20 begins 2 due 1000 with 1',
    '900 joins 2 due 1000 with 2',
    // The digest that has just gone out is one of the two.
    '1000 alone',
    '1400 begins 5 due 2000 with 1',
    '1990 joins 5 due 2000 with 2',
    '2200 alone',
  ]);
});

it('never names more than fifty, and counts the others', () => {
  const story = play([0, 0, ...Array.from({ length: 70 }, () => 1)]);
  expect(story.at(-1)).toBe('1 joins 2 due 1000 with 70');
});
