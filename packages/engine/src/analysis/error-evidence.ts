// What the errors of both sides say, tick by tick: that the new side is worse, that it is above the ceiling, or that it
// is good.

import type { Part } from './clients.ts';
import type { SlowerBy } from './latency.ts';
import { addWithOnset, logOf, noOnset, type Onset } from './onset.ts';
import {
  addRate,
  addRatio,
  type Count,
  type Evidence,
  logMean,
  noEvidence,
  type RateTest,
  type RatioTest,
} from './ratio-test.ts';

/** What is worth taking a release back for, or holding it for. */
export interface Limits {
  /** A rate of errors up to so many times the stable one is no reason to hold: 2. */
  readonly errorRatio: number;
  /** Nor is one below this: 0.005. */
  readonly errorRate: number;
  /** More errors than this are a failure where the stable side has fewer: 0.05. */
  readonly errorCeiling: number;
  /** Undefined: `usualSlower`. */
  readonly slower?: SlowerBy | undefined;
}

export interface ErrorEvidence {
  /** Against "no worse than the stable side". */
  readonly worse: Onset;
  /** Against "below the ceiling". */
  readonly ceiling: Onset;
  /** Against "worse by the ratio or more". */
  readonly within: Evidence;
  /** Against "at least the rate". */
  readonly rare: Evidence;
  /** For the fixed limit: the first two, with the repeated errors of all clients but one. */
  readonly limit: { readonly worse: Onset; readonly ceiling: Onset };
}

const worse: RatioTest = { against: 1, ratios: [1.25, 1.5, 2, 3, 5, 10, 30, 100] };
const part = (of: number, parts: readonly number[]): readonly number[] =>
  parts.map((each) => Math.min(0.99, each * of));

interface ErrorTests {
  readonly ceiling: RateTest;
  readonly within: RatioTest;
  readonly rare: RateTest;
}

const testsFor = ({ errorCeiling, errorRatio, errorRate }: Limits): ErrorTests => ({
  ceiling: { against: errorCeiling, rates: part(errorCeiling, [1.3, 2, 4, 8]) },
  within: { against: errorRatio, ratios: [0.625, 0.5, 0.35, 0.2, 0.05].map((each) => each * errorRatio) },
  rare: { against: errorRate, rates: part(errorRate, [0.6, 0.3, 0.1, 0.01]) },
});

export function noErrorEvidence(limits: Limits): ErrorEvidence {
  const { ceiling, within, rare } = testsFor(limits);
  const both = () => ({ worse: noOnset(worse.ratios), ceiling: noOnset(ceiling.rates) });
  return { ...both(), within: noEvidence(within.ratios), rare: noEvidence(rare.rates), limit: both() };
}

export interface ErrorTick {
  readonly ms: number;
  readonly stable: Count;
  readonly canary: Count;
  readonly wide: { readonly stable: Count; readonly canary: Count };
}

/** Changes `seen`. */
export function addErrorTick(seen: ErrorEvidence, limits: Limits, { ms, wide, ...once }: ErrorTick): void {
  const tests = testsFor(limits);
  const addBoth = (to: Pick<ErrorEvidence, 'worse' | 'ceiling'>, tick: { stable: Count; canary: Count }) => {
    addWithOnset(to.worse, ms, (evidence) => addRatio(worse, evidence, tick));
    addWithOnset(to.ceiling, ms, (evidence) => addRate(tests.ceiling, evidence, tick.canary));
  };
  addBoth(seen, once);
  addBoth(seen.limit, wide);
  addRatio(tests.within, seen.within, wide);
  addRate(tests.rare, seen.rare, wide.canary);
}

/** The logarithm of the evidence that the new side is good: `ln(1/β)` proves it at the level β. */
export const logGood = ({ within, rare }: ErrorEvidence): number => logMean([logMean(within), logMean(rare)]);

export type LimitFinding = 'proven' | 'not certain' | 'stable side too';

/**
 * More errors than the ceiling, and more than the stable side: a release that is not both is blamed with at most the
 * chance `level`, since both must be refuted. Where nothing is left to compare with, only the first is asked.
 */
export function limitFinding({ limit }: ErrorEvidence, level: number, isAlone: boolean): LimitFinding {
  const needed = -Math.log(level);
  if (logOf(limit.ceiling) < needed) return 'not certain';
  return isAlone || logOf(limit.worse) >= needed ? 'proven' : 'stable side too';
}

export const countOf = ({ requests, errors }: Part): Count => ({ requests, events: errors });
