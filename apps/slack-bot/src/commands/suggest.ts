// The nearest of some known words, when it is near enough to have been meant.

import { closest, distance } from 'fastest-levenshtein';

export function nearest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const lower = word.toLowerCase();
  const best = closest(lower, [...known]);
  const edits = distance(lower, best);
  const near = edits <= (best.length <= 4 ? 1 : 2) || (edits === 2 && sorted(lower) === sorted(best));
  return near ? best : undefined;
}

/** Two swapped letters are one slip of the finger, even in a short word. */
const sorted = (word: string): string => [...word].sort().join('');
