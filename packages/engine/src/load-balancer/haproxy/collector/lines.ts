// HAProxy's log lines, one per request, made into counts. A chunk holds many lines: it is cut by position, not by line.

import type { SlotName } from '../../../environment/environment.ts';
import type { Counters, Ending } from '../../counting/counters.ts';

export interface LineReader {
  /** Takes a chunk of one connection; what is left of a cut line waits for the next chunk. @returns the text as logged, without keys. */
  take(chunk: string): string;
  /** Lines of each side so far, counted or not: what HAProxy's own totals are compared with. */
  readonly seen: Readonly<Record<SlotName, number>>;
}

export interface LineShape {
  /** First word of every line that is ours. */
  readonly key: string;
  /** Backends are named `<name>_blue` and `<name>_green`. */
  readonly name: string;
  readonly counters: Counters;
}

const maxRestBytes = 8_192;

export function createLineReader({ key, name, counters }: LineShape, seen: Record<SlotName, number>): LineReader {
  const start = `${key} `;
  const slots = new Map<string, SlotName>([
    [`${name}_blue`, 'blue'],
    [`${name}_green`, 'green'],
  ]);
  let rest = '';
  const takeLine = (line: string) => {
    // key, second, backend, status, ending, route, µs in all, µs to the head, …
    const words = line.split(' ', 8);
    const slot = slots.get(words[2] ?? '');
    if (words[0] !== key || slot === undefined) return;
    seen[slot]++;
    if (words[5] === 'user') counters.record(slot, endingOf(words));
  };
  return {
    seen,
    take: (chunk) => {
      const text = rest + chunk;
      const end = text.lastIndexOf('\n');
      rest = end < 0 ? text : text.slice(end + 1);
      if (rest.length > maxRestBytes) rest = '';
      if (end < 0) return '';
      const whole = text.slice(0, end + 1);
      for (let from = 0, to = whole.indexOf('\n'); to >= 0; from = to + 1, to = whole.indexOf('\n', from))
        takeLine(whole.slice(from, to));
      return whole.replaceAll(start, '');
    },
  };
}

/** Two letters: who ended it (C client, S server, s server too slow), and when (C connecting, H before the head, D in the body). */
function endingOf(words: readonly string[]): Ending {
  const [, , , status = '', ending = '', , whole = '', head = ''] = words;
  const code = Number(status);
  const us = Number(head === '-' ? whole : head);
  return {
    status: code >= 100 && code < 600 ? code : undefined,
    ms: Number.isFinite(us) ? us / 1000 : 0,
    failure: failureOf(ending),
  };
}

function failureOf(ending: string): Ending['failure'] {
  const [who, when] = ending;
  if (when === 'C' && (who === 'S' || who === 's')) return 'connect';
  if (who === 's') return 'timeout';
  if (who === 'S' || who === 'P') return 'cut';
  return undefined;
}
