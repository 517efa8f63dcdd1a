// A pair of counters in the configuration, the same for every source that has counters: what failed, of all.

import type { Draft } from '../config/kit/draft.ts';
import type { Path } from '../config/kit/path.ts';
import { error, type Finding } from '../config/kit/problems.ts';
import { text } from '../config/kit/values.ts';
import { messageOf } from '../lib/errors.ts';
import { knownPlaceholders, namesSide, unknownPlaceholders } from './placeholders.ts';
import { parseSelector } from './selector.ts';

export const pairKeys = {
  bad: text()
    .describe('Counter of what failed on a side: a name with labels, or the sum(…) of such. {{slot}} is filled in.')
    .optional(),
  all: text()
    .describe('Counter of all of it. It must grow with the requests that the load balancer counts.')
    .optional(),
} as const;

interface Pair {
  readonly bad?: string | undefined;
  readonly all?: string | undefined;
  readonly value?: string | undefined;
}

/** A pair, or a number: not both, and not half of one. */
export function oneOfBoth(own: object | undefined, at: Path): readonly Finding[] {
  if (own === undefined) return [];
  const [pair, value] = [['bad', 'all'].filter((key) => key in own), 'value' in own];
  if (value ? pair.length === 0 : pair.length === 2) return [];
  return [error(at, 'expected bad and all, or value alone')];
}

/** `isSameForBoth`: the sides are told apart by their addresses, and not by the query. */
export function checkPair(own: Draft<Pair>, at: Path, isSameForBoth = false): readonly Finding[] {
  return (['bad', 'all'] as const).flatMap((key) => {
    const text = own?.[key];
    if (text === undefined) return [];
    const place = [...at, key];
    const placeholders = checkPlaceholders(text, place);
    if (placeholders.length > 0) return placeholders;
    const problem = problemOf(text);
    if (problem !== undefined) return [error(place, problem)];
    return isSameForBoth || namesSide(text)
      ? []
      : [
          error(
            place,
            'asks the same of both sides; expected one of {{slot}}, {{version}}, {{instance}} or {{port}} in it',
          ),
        ];
  });
}

export const checkPlaceholders = (text: string | undefined, at: Path): readonly Finding[] =>
  unknownPlaceholders(text ?? '').map((name) => error(at, `{{${name}}} is not known; expected ${knownPlaceholders}`));

/** Placeholders are values of labels: any text in their place will do. */
function problemOf(text: string): string | undefined {
  try {
    parseSelector(text.replace(/\{\{[^{}]*\}\}/g, 'x'));
    return undefined;
  } catch (thrown) {
    return messageOf(thrown);
  }
}
