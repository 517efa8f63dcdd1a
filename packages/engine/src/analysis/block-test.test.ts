import { describe, expect, it } from 'vitest';
import { addToBlock, type BlockEvidence, type BlockLook, noBlocks, thinned } from './block-test.ts';
import { logMean } from './ratio-test.ts';

/** An oracle of its own: binomial coefficients as whole numbers of any size, none of the code's formulas. */
const choose = (n: number, k: number): bigint => {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let at = 1; at <= k; at += 1) result = (result * BigInt(n - k + at)) / BigInt(at);
  return result;
};
const quotient = (one: bigint, other: bigint) => Number((one * 10n ** 18n) / other) / 1e18;
const binomial = (n: number, p: number) => (x: number) => Number(choose(n, x)) * p ** x * (1 - p) ** (n - x);
/** All requests of a block wait for one paused process, or none does. */
const paused = (n: number, p: number) => (x: number) => (x === n ? p : x === 0 ? 1 - p : 0);

const blockOf = (nA: number, xA: number, nB: number, xB: number) => ({
  stable: { requests: nA, events: xA },
  canary: { requests: nB, events: xB },
});

/** A whole block in one tick. */
function after(before: BlockEvidence, block: BlockLook['tick'], direction: BlockLook['for']): BlockEvidence {
  const seen = structuredClone(before);
  addToBlock(seen, { tick: block, ms: 5_000, share: 0.1, for: direction });
  return seen;
}

type Law = (x: number) => number;

/** The mean factor by which a block multiplies each product, over all numbers of events. */
function means(before: BlockEvidence, [nA, nB]: readonly [number, number], [lawA, lawB]: readonly [Law, Law]) {
  return (['more', 'fewer'] as const).flatMap((direction) =>
    before.products.map((product, at) => {
      let mean = 0;
      for (let xA = 0; xA <= nA; xA += 1)
        for (let xB = 0; xB <= nB; xB += 1) {
          const chance = lawA(xA) * lawB(xB);
          if (chance === 0) continue;
          const factor = (after(before, blockOf(nA, xA, nB, xB), direction).products[at] ?? 0) - product;
          mean += chance * Math.exp(factor);
        }
      return mean;
    }),
  );
}

const sizes = [
  [18, 2],
  [7, 7],
  [9, 30],
] as const;
const later = after(after(noBlocks(), blockOf(90, 9, 10, 3), 'more'), blockOf(80, 30, 12, 0), 'more');

describe('a block', () => {
  it.each(sizes)('has the mean 1 where requests are equally likely to be slow: %d and %d requests', (nA, nB) => {
    for (const before of [noBlocks(), later])
      for (const p of [0.02, 0.5, 0.9])
        for (const mean of means(before, [nA, nB], [binomial(nA, p), binomial(nB, p)])) expect(mean).toBeCloseTo(1, 9);
  });

  it.each(sizes)('has it too where a paused process delays all of them at once: %d and %d requests', (nA, nB) => {
    for (const before of [noBlocks(), later])
      for (const mean of means(before, [nA, nB], [paused(nA, 0.2), paused(nB, 0.2)])) expect(mean).toBeCloseTo(1, 9);
  });

  it('has a mean below 1 for "more" where the new side is better, and above 1 where it is worse', () => {
    const half = later.products.length;
    const better = means(later, [18, 6], [binomial(18, 0.3), binomial(6, 0.1)]);
    const worse = means(later, [18, 6], [binomial(18, 0.1), binomial(6, 0.3)]);
    for (const mean of [...better.slice(0, half), ...worse.slice(half)]) expect(mean).toBeLessThan(1);
    for (const mean of [...better.slice(half), ...worse.slice(0, half)]) expect(mean).toBeGreaterThan(1);
  });

  it('gives no evidence before it is complete, nor where one side has no requests', () => {
    const seen = noBlocks();
    for (let second = 0; second < 4; second += 1)
      addToBlock(seen, { tick: blockOf(9, 0, 9, 9), ms: 1_000, share: 0.1, for: 'more' });
    expect(logMean(seen.products)).toBe(0);
    addToBlock(seen, { tick: blockOf(9, 0, 9, 9), ms: 1_000, share: 0.1, for: 'more' });
    expect(logMean(seen.products)).toBeGreaterThan(0);
    expect(logMean(after(noBlocks(), blockOf(0, 0, 9, 9), 'more').products)).toBe(0);
  });

  it('at most doubles a product, however many of its answers are slow', () => {
    const seen = after(noBlocks(), blockOf(100_000, 0, 100_000, 100_000), 'more');
    expect(Math.max(...seen.products)).toBeCloseTo(Math.log(2), 6);
  });
});

describe('thinning', () => {
  it.each([
    [20, 3, 7],
    [40, 38, 11],
    [60, 30, 59],
    [30, 0, 5],
  ])('of %d requests with %d events to %d requests is hypergeometric', (requests, events, draws) => {
    const found = new Map(thinned({ requests, events }, draws));
    for (let x = 0; x <= draws; x += 1) {
      const ways = choose(events, x) * choose(requests - events, draws - x);
      expect(found.get(x) ?? 0).toBeCloseTo(quotient(ways, choose(requests, draws)), 8);
    }
  });

  it('of large numbers keeps mean and spread, with few terms', () => {
    const terms = thinned({ requests: 20_000, events: 10_000 }, 2_000);
    const mean = terms.reduce((sum, [value, weight]) => sum + value * weight, 0);
    const variance = terms.reduce((sum, [value, weight]) => sum + (value - mean) ** 2 * weight, 0);
    expect(terms.length).toBeLessThanOrEqual(25);
    expect(mean).toBeCloseTo(1_000, 6);
    expect(variance / ((2_000 * 0.25 * 18_000) / 19_999)).toBeGreaterThan(0.9);
  });
});
