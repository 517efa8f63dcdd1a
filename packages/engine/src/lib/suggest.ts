// The known word that was probably meant by a misspelled one.

import { closest, distance } from 'fastest-levenshtein';

/**
 * How far a word may be from what was written: `slip` is one or two letters, `half` is half of the longer word's
 * letters, `any` takes the nearest at any distance; a number counts letters.
 */
export type Tolerance = 'slip' | 'half' | 'any' | number;

/** Of a longer text only the beginning is compared: the comparison costs the product of both lengths. */
const maxLength = 64;

/** Case, `-`, `_` and spaces make no difference. Undefined when no known word is near enough. */
export function suggest(written: string, known: readonly string[], within: Tolerance = 'slip'): string | undefined {
  const spellings = known.map(plain);
  const word = plain(written);
  if (spellings.length === 0) return undefined;
  const best = closest(word, spellings);
  return isWithin(within, word, best) ? known[spellings.indexOf(best)] : undefined;
}

const plain = (text: string): string => text.slice(0, maxLength).toLowerCase().replaceAll(/[-_ ]/g, '');

function isWithin(within: Tolerance, word: string, best: string): boolean {
  const edits = distance(word, best);
  if (within === 'any') return true;
  if (within === 'half') return edits <= Math.max(word.length, best.length) / 2;
  if (within === 'slip') return edits <= (best.length <= 4 ? 1 : 2) || (edits === 2 && sorted(word) === sorted(best));
  return edits <= within;
}

/** Two swapped letters are one slip of the finger, even in a short word. */
const sorted = (word: string): string => [...word].sort().join('');
