// What else changed during a canary, in words: people who compare the sides must know it.

import type { TrendView } from '@bg/engine';
import { type Block, context } from './blocks.ts';
import { outside, time } from './text.ts';

const mostShown = 3;

export function changedPart(marks: TrendView['marks'] = []): Block | undefined {
  if (marks.length === 0) return undefined;
  const latest = marks.slice(-mostShown).map(({ at, sentence }) => `${time(at)} ${outside(sentence, 120)}`);
  const earlier = marks.length > mostShown ? `${marks.length - mostShown} earlier; ` : '';
  return context(`🔀 Changed meanwhile, which may be the difference: ${earlier}${latest.join('; ')}`);
}
