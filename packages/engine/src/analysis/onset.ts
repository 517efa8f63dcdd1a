// Evidence that holds whenever the trouble began. The likelihood of a long good time would outweigh a release that fails
// only after ten minutes, so a quarter of the evidence is bet on a later begin: each ten seconds a part of it begins
// with what comes from then on. A mixture of supermartingales whose weights sum to 1 is one too, so the level holds.

import { type Evidence, logMean } from './ratio-test.ts';

/** Logarithms, one for each alternative. */
export interface Onset {
  /** Of all ticks. */
  readonly whole: Evidence;
  /** Of what began later, with its weights. */
  readonly late: Evidence;
  begun: number;
  /** Since the last of these began. */
  ms: number;
}

const everyMs = 10_000;
const weight = { whole: Math.log(0.75), late: Math.log(0.25) };
/** The logarithm of nothing, as JSON can hold it. */
const none = -1e6;

export const noOnset = ({ length }: readonly number[]): Onset => ({
  whole: new Array<number>(length).fill(0),
  late: new Array<number>(length).fill(none),
  begun: 0,
  ms: 0,
});

/** Changes `seen`. `add` adds a tick to evidence. */
export function addWithOnset(seen: Onset, ms: number, add: (evidence: Evidence) => void): void {
  if (seen.ms >= everyMs) {
    seen.ms = 0;
    seen.begun += 1;
    // 1/2 + 1/6 + 1/12 + … = 1, for however many.
    const fresh = -Math.log(seen.begun * (seen.begun + 1));
    for (const [at, each] of seen.late.entries()) seen.late[at] = logSum(each, fresh);
  }
  seen.ms += ms;
  add(seen.whole);
  add(seen.late);
}

/** `ln(1/α)` refutes at the level α. */
export function logOf({ whole, late, begun }: Onset): number {
  const open = -Math.log(begun + 1);
  return logSum(weight.whole + logMean(whole), weight.late + logSum(logMean(late), open));
}

function logSum(one: number, other: number): number {
  const most = Math.max(one, other);
  return most + Math.log1p(Math.exp(Math.min(one, other) - most));
}
