import { describe, expect, it } from 'vitest';
import { noCounts } from '../../../domain/routing.ts';
import { continued, isProven, type LiveEvidence, withLook } from './live-evidence.ts';

const policy = { errorRatio: 2, errorRate: 0.005, errorCeiling: 0.05, falseRollback: 0.01 };

/** The same numbers in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Watched {
  readonly seconds: number;
  readonly perSecond: number;
  readonly rateAt: (second: number) => number;
  readonly seed: number;
}

/** @returns the second in which it is certain; undefined where it never is */
function certainAfter({ seconds, perSecond, rateAt, seed }: Watched): number | undefined {
  const next = random(seed);
  let seen: LiveEvidence | undefined;
  let [requests, errors] = [0, 0];
  let countedFrom = 0;
  for (let at = 0; at <= seconds; at += 10) {
    const known = continued(seen, policy, { now: at * 1_000, from: 0 });
    if (known.from > countedFrom) [requests, errors, countedFrom] = [0, 0, known.from];
    for (let each = 0; each < perSecond * 10; each += 1) {
      requests += 1;
      if (next() < rateAt(at)) errors += 1;
    }
    seen = withLook(known, policy, { now: at * 1_000, counts: { ...noCounts, requests, errors } });
    if (isProven(seen, policy)) return at;
  }
  return undefined;
}

describe('the evidence that a live side is above the limit', () => {
  it('is not found by chance, however long a side at the limit is watched', () => {
    const found = Array.from({ length: 100 }, (_, seed) =>
      certainAfter({ seconds: 3_600, perSecond: 2, rateAt: () => 0.05, seed }),
    ).filter((second) => second !== undefined);
    expect(found.length).toBeLessThanOrEqual(3);
  });

  it('is found soon after a side has become bad, also when it was good for an hour', () => {
    const rateAt = (second: number) => (second < 3_600 ? 0.001 : 0.3);
    for (const seed of [1, 2, 3, 4, 5]) {
      const found = certainAfter({ seconds: 4_000, perSecond: 10, rateAt, seed });
      expect(found).toBeGreaterThanOrEqual(3_600);
      expect(found).toBeLessThanOrEqual(3_630);
    }
  });

  it('begins again with another limit, with a clock that was set back, and counts on where counters fell', () => {
    const at = { now: 10_000, from: 0 };
    const counts = { ...noCounts, requests: 200, errors: 100 };
    const seen = withLook(continued(undefined, policy, at), policy, { now: 10_000, counts });
    expect(isProven(seen, policy)).toBe(true);
    const lenient = { ...policy, errorCeiling: 0.6 };
    expect(isProven(continued(seen, lenient, at), lenient)).toBe(false);
    expect(isProven(continued(seen, policy, { now: 9_000, from: 0 }), policy)).toBe(false);
    const fallen = withLook(seen, policy, { now: 20_000, counts: { ...noCounts, requests: 10 } });
    expect(fallen.errors).toEqual(seen.errors);
    expect(fallen.totals.canary.requests).toBe(10);
  });

  it('is plain text for the process that continues', () => {
    const counts = { ...noCounts, requests: 200, errors: 100 };
    const seen = withLook(continued(undefined, policy, { now: 0, from: 0 }), policy, { now: 0, counts });
    const read = JSON.parse(JSON.stringify(seen)) as LiveEvidence;
    expect(isProven(read, policy)).toBe(true);
    expect(withLook(read, policy, { now: 1_000, counts })).toEqual(withLook(seen, policy, { now: 1_000, counts }));
  });
});
