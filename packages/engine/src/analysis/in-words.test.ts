import { describe, expect, it } from 'vitest';
import { noCounts } from '../domain/routing.ts';
import { createCanaryJudge } from './canary-judge.ts';
import { inWords, stillNeeded } from './in-words.ts';
import { judge } from './judge.ts';

const versions = { version: 'v2.1', from: 'v2.0' };
const rules = { minRequests: 50, maxErrorRate: 0.05 };
const side = (requests: number, errors: number) => ({ ...noCounts, clients: undefined, requests, errors }) as never;

const policy = {
  ...{ falseRollback: 0.01, missedRegression: 0.05, errorRatio: 2, errorRate: 0.005, errorCeiling: 0.05 },
  ...{ leastRequests: 100, leastMs: 60_000, warmUpMs: 15_000 },
};

function compared(ticks: number, requests: number) {
  const canaryJudge = createCanaryJudge(policy);
  for (let tick = 0; tick < ticks; tick += 1)
    canaryJudge.add({
      ms: 1_000,
      stable: { requests: requests * 9, errors: 0 },
      canary: { requests, errors: 0 },
    });
  return canaryJudge.judgement();
}

describe('a judgement in words', () => {
  it('says how much of the data is there while there is not enough of it', () => {
    const judgement = judge({ stable: side(400, 0), canary: side(12, 0) }, rules);
    expect(stillNeeded(judgement)).toEqual({ seen: 12, needed: 50 });
    expect(inWords(judgement, versions)).toBe('no data yet (12 of 50)');
    expect(inWords(compared(2, 30), versions)).toBe('no data yet (60 of 100)');
  });

  it('names the versions instead of the sides', () => {
    const judgement = judge({ stable: side(9_000, 9), canary: side(1_000, 2) }, rules);
    expect(inWords(judgement, versions)).toBe('2 of 1000 requests failed on v2.1 (0.20 %, 0.10 % on v2.0)');
  });

  it('says what is missing until the new side is proven to be no worse', () => {
    expect(inWords(compared(5, 30), versions)).toMatch(
      /^no worse than v2\.0 so far; needs about \d+ more requests, \d+ s, to be certain about errors$/,
    );
    expect(inWords(compared(40, 200), versions)).toBe('no worse than v2.0 so far; needs 20 s more');
  });

  it('takes a version literally', () => {
    expect(inWords(compared(40, 200), { version: '$1', from: '$&' })).toBe('no worse than $& so far; needs 20 s more');
  });

  it('leaves any other sentence as it is', () => {
    const judgement = { verdict: 'Error', sentence: 'could not measure: no answer' } as const;
    expect(inWords(judgement, versions)).toBe('could not measure: no answer');
    expect(stillNeeded(judgement)).toBeUndefined();
  });
});
