import { describe, expect, it } from 'vitest';
import { addRate, addRatio, logMean, noEvidence, type RateTest, type RatioTest } from './ratio-test.ts';

const worse: RatioTest = { against: 1, ratios: [1.25, 1.5, 2, 3, 5, 10, 30, 100] };

/** Written from the textbook, without the formulas of the code: exact for the small numbers that are used here. */
const choose = (n: number, k: number): number => {
  let result = 1;
  for (let at = 1; at <= k; at += 1) result = (result * (n - k + at)) / at;
  return k < 0 || k > n ? 0 : result;
};
const hypergeometric = (x: number, [stable, canary, events]: readonly [number, number, number]) =>
  (choose(canary, x) * choose(stable, events - x)) / choose(stable + canary, events);
const binomial = (x: number, n: number, p: number) => choose(n, x) * p ** x * (1 - p) ** (n - x);
/** The share of the events that falls to the canary when its rate is `ratio` times the stable one. */
const shareAt = (ratio: number, share: number) => (ratio * share) / (1 - share + ratio * share);

function evidenceFor(test: RatioTest, ticks: readonly (readonly [number, number, number, number])[]): number[] {
  const evidence = noEvidence(test.ratios);
  for (const [nA, xA, nB, xB] of ticks)
    addRatio(test, evidence, { stable: { requests: nA, events: xA }, canary: { requests: nB, events: xB } });
  return evidence;
}

describe('one tick of the ratio test', () => {
  it.each([1, 2])('is the likelihood ratio of two binomials, against %d', (against) => {
    for (const ratio of [0.25, 0.5, 1.25, 3, 30])
      for (const [nA, xA, nB, xB] of [
        [90, 3, 10, 2],
        [50, 0, 50, 4],
        [7, 7, 3, 0],
      ] as const) {
        const share = nB / (nA + nB);
        const events = xA + xB;
        const expected = Math.log(
          binomial(xB, events, shareAt(ratio, share)) / binomial(xB, events, shareAt(against, share)),
        );
        expect(evidenceFor({ against, ratios: [ratio] }, [[nA, xA, nB, xB]])[0]).toBeCloseTo(expected, 9);
      }
  });

  it('has a mean of at most 1 under every hypergeometric, which is what makes looking free', () => {
    for (const sides of [
      [90, 10, 5],
      [50, 50, 20],
      [20, 5, 25],
      [3, 30, 12],
      [9, 1, 10],
    ] as const)
      for (const [at, ratio] of worse.ratios.entries()) {
        const [nA, nB, events] = sides;
        let mean = 0;
        for (let xB = Math.max(0, events - nA); xB <= Math.min(nB, events); xB += 1)
          mean += hypergeometric(xB, sides) * Math.exp(evidenceFor(worse, [[nA, events - xB, nB, xB]])[at] ?? 0);
        expect(mean, `${sides} at ${ratio}`).toBeLessThanOrEqual(1 + 1e-9);
      }
  });

  it('gives no evidence where nothing happened, or one side had no requests', () => {
    expect(
      evidenceFor(worse, [
        [100, 0, 10, 0],
        [0, 0, 10, 5],
        [100, 5, 0, 0],
      ]),
    ).toEqual(noEvidence(worse.ratios));
  });

  it('ignores a spike that both sides share, and notices one that only the canary has', () => {
    expect(logMean(evidenceFor(worse, [[900, 180, 100, 20]]))).toBeLessThan(0);
    expect(logMean(evidenceFor(worse, [[900, 9, 100, 20]]))).toBeGreaterThan(Math.log(100));
  });
});

describe('the rate test', () => {
  const ceiling: RateTest = { against: 0.05, rates: [0.065, 0.1, 0.2, 0.4] };

  it('is the likelihood ratio of two binomials', () => {
    for (const [requests, events] of [
      [40, 0],
      [40, 2],
      [30, 12],
    ] as const) {
      const evidence = noEvidence(ceiling.rates);
      addRate(ceiling, evidence, { requests, events });
      for (const [at, rate] of ceiling.rates.entries())
        expect(evidence[at]).toBeCloseTo(
          Math.log(binomial(events, requests, rate) / binomial(events, requests, ceiling.against)),
          9,
        );
    }
  });

  it('proves that errors are rarer than half a percent with some 600 requests without one', () => {
    const rare: RateTest = { against: 0.005, rates: [0.00001] };
    const after = (requests: number) => {
      const evidence = noEvidence(rare.rates);
      addRate(rare, evidence, { requests, events: 0 });
      return logMean(evidence);
    };
    expect(after(550)).toBeLessThan(Math.log(20));
    expect(after(650)).toBeGreaterThan(Math.log(20));
  });
});

describe('the mean of evidence', () => {
  it('is exact for small numbers, and finite for large ones', () => {
    expect(logMean([Math.log(1), Math.log(3)])).toBeCloseTo(Math.log(2), 12);
    expect(logMean([2000, -3000])).toBeCloseTo(2000 - Math.log(2), 9);
  });
});
