import { describe, expect, it } from 'vitest';
import { createDice } from '../../../../bench/judge/draw.ts';
import { createCanaryJudge } from './canary-judge.ts';
import { type PlannedWatch, smallestRise, type UsualTraffic } from './detectable.ts';

const policy = {
  ...{ falseRollback: 0.01, missedRegression: 0.05, errorRatio: 2, errorRate: 0.005, errorCeiling: 0.9 },
  ...{ leastRequests: 100, leastMs: 1e9, warmUpMs: 15_000 },
};

/** Share of canaries in which the judge itself finds this rate. */
function found(watches: readonly PlannedWatch[], { perSecond, errorRate }: UsualTraffic, rate: number): number {
  const runs = 200;
  let hits = 0;
  for (let run = 0; run < runs; run += 1) {
    const dice = createDice(20_261_129 + run);
    const judge = createCanaryJudge(policy);
    let isFound = false;
    for (const { percent, ms } of watches)
      for (let second = 0; second < ms / 1000 && !isFound; second += 1) {
        const side = (share: number, p: number) => {
          const requests = dice.poisson((perSecond * share) / 100);
          return { requests, errors: dice.binomial(requests, p) };
        };
        judge.add({ ms: 1000, stable: side(100 - percent, errorRate), canary: side(percent, rate) });
        isFound = judge.judgement().verdict === 'Failed';
      }
    if (isFound) hits += 1;
  }
  return hits / runs;
}

const tenPercent = (seconds: number): PlannedWatch[] => [{ percent: 10, ms: seconds * 1000 }];

describe('the smallest rise that a canary finds', () => {
  it.each<[string, PlannedWatch[], UsualTraffic]>([
    ['10 % for a minute at 200/s', tenPercent(60), { perSecond: 200, errorRate: 0.01 }],
    ['10 % for ten minutes at 20/s', tenPercent(600), { perSecond: 20, errorRate: 0.005 }],
    ['10 % for five minutes at 20/s', tenPercent(300), { perSecond: 20, errorRate: 0.001 }],
    ['10 % and 50 %', [...tenPercent(60), { percent: 50, ms: 60_000 }], { perSecond: 100, errorRate: 0.01 }],
  ])('is found by the judge in about 95 of 100 canaries: %s', (_name, watches, usual) => {
    const rise = smallestRise(watches, usual, policy.falseRollback) ?? Number.NaN;
    expect(rise).toBeGreaterThan(usual.errorRate);
    expect(found(watches, usual, rise)).toBeGreaterThanOrEqual(0.9);
    expect(found(watches, usual, usual.errorRate + (rise - usual.errorRate) / 2)).toBeLessThan(0.9);
  });

  it('is smaller with more traffic, more time and more users', () => {
    const rise = (seconds: number, perSecond: number, percent = 10) =>
      smallestRise([{ percent, ms: seconds * 1000 }], { perSecond, errorRate: 0.005 }, 0.01) ?? 1;
    expect(rise(600, 20)).toBeLessThan(rise(60, 20));
    expect(rise(60, 200)).toBeLessThan(rise(60, 20));
    expect(rise(60, 200, 25)).toBeLessThan(rise(60, 200, 5));
  });

  it('is none where nobody comes', () => {
    expect(smallestRise(tenPercent(60), { perSecond: 0, errorRate: 0 }, 0.01)).toBeUndefined();
    expect(smallestRise(tenPercent(60), { perSecond: 0.1, errorRate: 0.01 }, 0.01)).toBeUndefined();
    expect(smallestRise([], { perSecond: 100, errorRate: 0.01 }, 0.01)).toBeUndefined();
  });
});
