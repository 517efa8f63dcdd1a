import { describe, expect, it } from 'vitest';
import { addWithOnset, logOf, noOnset, type Onset } from './onset.ts';
import { addRate, type Evidence, type RateTest } from './ratio-test.ts';

const test: RateTest = { against: 0.3, rates: [0.5, 0.8] };
const requests = 3;
const choose = [1, 3, 3, 1];
const chance = (events: number, rate: number) => (choose[events] ?? 0) * rate ** events * (1 - rate) ** (3 - events);

const after = (counts: readonly number[], ms = 10_000): Onset => {
  const seen = noOnset(test.rates);
  for (const events of counts)
    addWithOnset(seen, ms, (evidence: Evidence) => addRate(test, evidence, { requests, events }));
  return seen;
};

/** Over all sequences of four ticks. */
function meanAt(rate: number): number {
  let mean = 0;
  for (let code = 0; code < 4 ** 4; code += 1) {
    const counts = [0, 1, 2, 3].map((place) => Math.floor(code / 4 ** place) % 4);
    mean += Math.exp(logOf(after(counts))) * counts.reduce((all, events) => all * chance(events, rate), 1);
  }
  return mean;
}

describe('evidence of trouble that may begin at any time', () => {
  it('has the mean 1 at the border of what it refutes, and less below it', () => {
    expect(meanAt(0.3)).toBeCloseTo(1, 9);
    expect(meanAt(0.2)).toBeLessThan(1);
    expect(meanAt(0.5)).toBeGreaterThan(1);
  });

  it('says nothing before the first tick', () => {
    expect(logOf(noOnset(test.rates))).toBeCloseTo(0, 12);
  });

  it('finds what begins late nearly as soon as what begins at once', () => {
    const from = (good: number) => {
      const counts = new Array<number>(good).fill(0);
      while (logOf(after(counts)) < Math.log(100) && counts.length < good + 100) counts.push(2);
      return counts.length - good;
    };
    expect(from(0)).toBeLessThan(10);
    expect(from(500)).toBeLessThan(from(0) + 25);
  });

  it('is the same from JSON', () => {
    const seen = after([0, 3, 1, 2, 2]);
    expect(logOf(JSON.parse(JSON.stringify(seen)))).toBe(logOf(seen));
  });
});
