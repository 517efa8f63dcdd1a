// A judgement as people read it next to the numbers of both sides: with the names of the versions, and with what is still
// missing. The sentences come from the judges of this room; a sentence of another form passes through.

import type { Judgement } from './judge.ts';

export interface Versions {
  /** On the new side. */
  readonly version: string;
  /** On the stable side; undefined where there is none. */
  readonly from: string | undefined;
}

/** Requests that were seen, of those that are needed; undefined where enough were seen. */
export function stillNeeded({ sentence }: Judgement): { readonly seen: number; readonly needed: number } | undefined {
  const [, seen, needed] = /^(\d+) of at least (\d+) requests seen/.exec(sentence) ?? [];
  return seen === undefined || needed === undefined ? undefined : { seen: Number(seen), needed: Number(needed) };
}

/** `no worse than v2.0 so far; needs about 240 more requests, 40 s, to be certain about p99`. */
export function inWords(judgement: Judgement, { version, from }: Versions): string {
  const missing = stillNeeded(judgement);
  const oneClient = judgement.sentence.split('; ')[1];
  if (missing !== undefined)
    return `no data yet (${missing.seen} of ${missing.needed})${oneClient === undefined ? '' : `; ${oneClient}`}`;
  // A version may be "$&".
  const [stable, other] = [() => from ?? 'the stable side', () => version];
  const whole = shortened(judgement.sentence).replaceAll('the stable side', stable).replaceAll('the new side', other);
  return whole.replace(/^no worse so far/, () =>
    from === undefined ? 'no worse so far' : `no worse than ${from} so far`,
  );
}

/** The numbers at its end are next to it. */
function shortened(sentence: string): string {
  const [, so, missing] = /^(no worse so far); (.+?); \d+ of \d+ requests failed/.exec(sentence) ?? [];
  if (so === undefined || missing === undefined) return sentence;
  const need = missing.replace(/ more to watch$/, ' more').replace(/^more requests are needed/, 'more requests');
  return `${so}; needs ${need}`;
}
