// The judge: counts in, verdict out. Pure, so that a better method can replace it behind the same interface.

import type { DrawnCounts, SideCounts } from '../domain/routing.ts';

export type Verdict = 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

export interface Judgement {
  readonly verdict: Verdict;
  /** One sentence with the numbers it rests on. */
  readonly sentence: string;
}

export interface JudgeRules {
  readonly minRequests: number;
  /** 0.05 is 5 %. */
  readonly maxErrorRate: number;
}

interface Sides {
  readonly stable: SideCounts;
  readonly canary: SideCounts;
}

export const percentText = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;

/**
 * Absence of data is never a success: fewer than `minRequests` on the canary are `Inconclusive`. The judge uses only
 * the users who keep their bucket where they are enough. It adds the requests that drew a bucket only where they are
 * not, since one client may make any number of them. Chance gives those requests to both sides, so what they do to both
 * says nothing about one.
 */
export function judge({ stable, canary }: Sides, rules: JudgeRules): Judgement {
  const { minRequests, maxErrorRate } = rules;
  const [drawn, control] = [drawnIn(canary), drawnIn(stable)];
  const known = knownIn(canary);
  const isKnownEnough = known.requests >= minRequests;
  const judged = isKnownEnough ? known : canary;
  if (judged.requests < minRequests)
    return {
      verdict: 'Inconclusive',
      sentence: `${judged.requests} of at least ${minRequests} requests seen on the new side`,
    };
  const leftOut = isKnownEnough && drawn.requests > 0 ? `; ${withoutCookie(drawn)} are left out` : '';
  const numbers = `${errorsOf(judged)} (${percentText(rateOf(judged))}, ${percentText(rateOf(isKnownEnough ? knownIn(stable) : stable))} on the stable side)${leftOut}`;
  const tooMany = `more than ${percentText(maxErrorRate)} is a failure`;
  if (rateOf(known) > maxErrorRate && isKnownEnough) return { verdict: 'Failed', sentence: `${numbers}; ${tooMany}` };
  const isControlled = control.requests >= minRequests;
  if (drawn.requests >= minRequests && isControlled && excessRate(drawn, control) > maxErrorRate)
    return {
      verdict: 'Failed',
      sentence: `${errorsOf(drawn)} among users without a cookie (${percentText(rateOf(drawn))}, ${percentText(rateOf(control))} on the stable side); ${tooMany}`,
    };
  if (isKnownEnough || rateOf(canary) <= maxErrorRate)
    return rateOf(known) > maxErrorRate && known.errors >= fewErrors
      ? {
          verdict: 'Inconclusive',
          sentence: `${errorsOf(known)} among users with a cookie, too few of them to judge by`,
        }
      : { verdict: 'Successful', sentence: numbers };
  if (!isControlled || known.errors > maxErrorRate * canary.requests)
    return { verdict: 'Failed', sentence: `${numbers}; ${tooMany}` };
  return {
    verdict: 'Inconclusive',
    sentence: `${numbers}; ${withoutCookie(drawn)} fail on both sides alike, and too few others are seen to judge by`,
  };
}

const drawnIn = ({ drawn }: SideCounts): DrawnCounts => drawn ?? { requests: 0, errors: 0 };

/** Those that came with a bucket. */
function knownIn(side: SideCounts): DrawnCounts {
  const drawn = drawnIn(side);
  return { requests: side.requests - drawn.requests, errors: side.errors - drawn.errors };
}

const withoutCookie = ({ requests }: DrawnCounts): string => `${requests} requests of users without a cookie`;

const errorsOf = ({ errors, requests }: DrawnCounts): string =>
  `${errors} of ${requests} requests failed on the new side`;

const rateOf = ({ requests, errors }: DrawnCounts): number => (requests === 0 ? 0 : errors / requests);

/** Fewer are no sign of anything yet. */
const fewErrors = 3;

/** Of standard deviations: the sides are compared each second, and chance must not end a canary. */
const deviationsAllowed = 4;

/** Beyond what the same clients meet on the stable side, and what chance may add to that. */
function excessRate(drawn: DrawnCounts, control: DrawnCounts): number {
  const expected = rateOf(control);
  const spread = Math.sqrt((expected * (1 - expected)) / drawn.requests);
  return rateOf(drawn) - expected - deviationsAllowed * spread;
}
