import { describe, expect, it } from 'vitest';
import { noTotals, shareProblem, type Totals, tickBetween } from './ticks.ts';

const totals = (stable: readonly [number, number], canary: readonly [number, number]): Totals => ({
  stable: { requests: stable[0], errors: stable[1], times: [[10, stable[0]]] },
  canary: { requests: canary[0], errors: canary[1], times: [[10, canary[0]]] },
});

describe('a tick', () => {
  it('is what was counted since the one before', () => {
    expect(tickBetween(noTotals, totals([90, 1], [10, 2]), 1_000)).toEqual({ ms: 1_000, ...totals([90, 1], [10, 2]) });
    const tick = tickBetween(totals([90, 1], [10, 2]), totals([190, 1], [20, 5]), 2_000);
    expect(tick).toEqual({ ms: 2_000, ...totals([100, 0], [10, 3]) });
  });

  it('holds no times that nothing took', () => {
    const before = totals([90, 1], [10, 2]);
    const now: Totals = {
      ...before,
      stable: {
        requests: 91,
        errors: 1,
        times: [
          [10, 90],
          [20, 1],
        ],
      },
    };
    expect(tickBetween(before, now, 1_000)?.stable.times).toEqual([[20, 1]]);
    expect(tickBetween(before, now, 1_000)?.canary.times).toEqual([]);
  });

  it('is not known when the counting process was restarted', () => {
    expect(tickBetween(totals([90, 1], [10, 2]), totals([3, 0], [11, 2]), 1_000)).toBeUndefined();
    expect(tickBetween(totals([90, 5], [10, 2]), totals([95, 1], [11, 2]), 1_000)).toBeUndefined();
  });

  it('leaves times out where one check had none', () => {
    const before: Totals = { ...noTotals, stable: { requests: 1, errors: 0, times: undefined } };
    expect(tickBetween(before, totals([90, 1], [10, 2]), 1_000)?.stable.times).toBeUndefined();
  });
});

describe('the share of the requests', () => {
  it('is a problem when it is not near the weight, and there are enough of them', () => {
    expect(shareProblem(totals([900, 0], [100, 0]), 10)).toBeUndefined();
    expect(shareProblem(totals([850, 0], [150, 0]), 10)).toBeUndefined();
    expect(shareProblem(totals([40, 0], [60, 0]), 10)).toBeUndefined();
    expect(shareProblem(totals([400, 0], [600, 0]), 10)).toBe(
      '60 % of the requests reach the new side, though its weight is 10 %',
    );
    expect(shareProblem(totals([1000, 0], [0, 0]), 10)).toBe(
      '0.0 % of the requests reach the new side, though its weight is 10 %',
    );
    expect(shareProblem(totals([100, 0], [900, 0]), 50)).toBeDefined();
    expect(shareProblem(totals([0, 0], [900, 0]), 100)).toBeUndefined();
  });
});
