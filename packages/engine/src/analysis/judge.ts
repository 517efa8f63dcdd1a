// The judge: counts in, verdict out. Pure, so that a better method can take its place behind the same door.

import type { SideCounts } from '../load-balancer/load-balancer.ts';

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

export const percentText = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;

/** Absence of data is never a success: fewer than `minRequests` on the canary are `Inconclusive`. */
export function judge(
  counts: { readonly stable: SideCounts; readonly canary: SideCounts },
  rules: JudgeRules,
): Judgement {
  const { requests, errors } = counts.canary;
  if (requests < rules.minRequests)
    return {
      verdict: 'Inconclusive',
      sentence: `${requests} of at least ${rules.minRequests} requests seen on the new side`,
    };
  const rate = errors / requests;
  const numbers = `${errors} of ${requests} requests failed on the new side (${percentText(rate)}, ${percentText(stableRate(counts.stable))} on the stable side)`;
  if (rate > rules.maxErrorRate)
    return { verdict: 'Failed', sentence: `${numbers}; more than ${percentText(rules.maxErrorRate)} is a failure` };
  return { verdict: 'Successful', sentence: numbers };
}

function stableRate({ requests, errors }: SideCounts): number {
  return requests === 0 ? 0 : errors / requests;
}
