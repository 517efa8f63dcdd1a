import { describe, expect, it } from 'vitest';
import type { Times } from '../domain/routing.ts';
import type { CanaryTick } from './canary-evidence.ts';
import { createCanaryJudge, type JudgePolicy } from './canary-judge.ts';

const policy: JudgePolicy = {
  falseRollback: 0.01,
  missedRegression: 0.05,
  errorRatio: 2,
  errorRate: 0.005,
  errorCeiling: 0.05,
  leastRequests: 100,
  leastMs: 60_000,
  warmUpMs: 15_000,
};

type Numbers = readonly [requests: number, errors: number, times?: Times];

const second = (stable: Numbers, canary: Numbers): CanaryTick => ({
  ms: 1_000,
  stable: { requests: stable[0], errors: stable[1], times: stable[2] },
  canary: { requests: canary[0], errors: canary[1], times: canary[2] },
});

/** How long it took, and what was said then; undefined where nothing was decided. */
function decide(tickAt: (second: number) => CanaryTick, limit: number, more: Partial<JudgePolicy> = {}) {
  const judge = createCanaryJudge({ ...policy, ...more });
  for (let at = 0; at < limit; at += 1) {
    judge.add(tickAt(at));
    const judgement = judge.judgement();
    if (judgement.verdict !== 'Inconclusive') return { at, ...judgement };
  }
  return { at: undefined, ...judge.judgement() };
}

/** 100 answers; the slowest take `tail`. */
const times = (typical: number, tail: number): Times => [
  [typical * 0.8, 40],
  [typical, 40],
  [typical * 2, 17],
  [tail, 3],
];

describe('a canary that fails', () => {
  it('is reverted within seconds when it crashes at each request, and the sentence has the numbers', () => {
    const found = decide(() => second([180, 1], [20, 20]), 60);
    expect(found).toMatchObject({ verdict: 'Failed', metric: 'error-rate', at: 0 });
    expect(found.sentence).toBe(
      'requests fail 180.0 times as often as on the stable side (0.56 %): 20 of 20 requests failed on the new side (100.0 %)',
    );
  });

  it('is found at rates that a fixed limit of 5 % never sees', () => {
    const found = decide(() => second([1800, 2], [200, 2]), 120);
    expect(found).toMatchObject({ verdict: 'Failed', metric: 'error-rate' });
    expect(found.at).toBeLessThan(10);
  });

  it('is found where nothing else fails at all', () => {
    const found = decide((at) => second([500, 0], [50, at % 3 === 0 ? 1 : 0]), 200);
    expect(found.verdict).toBe('Failed');
    expect(found.sentence).toContain('and none fails on the stable side');
  });

  it('is found by its ceiling when all users are on it, where there is nothing to compare with', () => {
    const found = decide(() => second([0, 0], [100, 20]), 60);
    expect(found).toMatchObject({ verdict: 'Failed', metric: 'error-ceiling' });
    expect(found.sentence).toMatch(/^too many requests fail: \d+ of \d+ requests failed on the new side \(20\.0 %\)$/);
  });

  it.each(['limit', 'comparison'])('is found soon after it begins to fail, by the %s', (by) => {
    const judge = createCanaryJudge(policy);
    for (let at = 0; at < 600; at += 1) judge.add({ ...second([540, 1], [60, at % 10 === 0 ? 1 : 0]), ms: 3_000 });
    expect(judge.limit()).toBe('not certain');
    const isFound = () => (by === 'limit' ? judge.limit() === 'proven' : judge.judgement().metric === 'error-rate');
    let seconds = 0;
    for (; !isFound() && seconds < 60; seconds += 1) judge.add(second([180, 0], [20, 4]));
    expect(seconds).toBeLessThan(30);
  });

  it('is blamed by the limit only where it is above it, worse, and both are certain', () => {
    const limitAfter = (stable: Numbers, canary: Numbers) => {
      const judge = createCanaryJudge(policy);
      judge.add(second(stable, canary));
      return judge.limit();
    };
    expect(limitAfter([900, 9], [100, 30])).toBe('proven');
    expect(limitAfter([900, 9], [60, 4])).toBe('not certain');
    expect(limitAfter([9_000, 9], [1_000, 40])).toBe('not certain');
    expect(limitAfter([900, 270], [100, 30])).toBe('stable side too');
    expect(limitAfter([0, 0], [100, 30])).toBe('proven');
  });

  it('is found when its slowest answers are slower, though its median is not', () => {
    const found = decide(() => second([100, 0, times(50, 300)], [100, 0, times(50, 600)]), 300);
    expect(found).toMatchObject({ verdict: 'Failed', metric: 'p99' });
    expect(found.sentence).toBe('answers are slower: p99 is 600 ms on the new side, 300 ms on the stable side');
  });

  it('is found when all its answers are slower', () => {
    const found = decide(() => second([100, 0, times(50, 300)], [100, 0, times(75, 450)]), 300);
    expect(found.verdict).toBe('Failed');
    expect(found.metric).toMatch(/^p/);
  });
});

describe('a canary that is no worse', () => {
  it('is called good once that is proven, not before the least time', () => {
    const found = decide(() => second([900, 9, times(50, 300)], [100, 1, times(50, 300)]), 600);
    expect(found.verdict).toBe('Successful');
    expect(found.at).toBeGreaterThanOrEqual(59);
    expect(found.sentence).toMatch(/^no worse than the stable side: \d+ of \d+ requests failed on the new side/);
  });

  it('is not blamed for a spike that both sides share, however high', () => {
    const found = decide((at) => (at === 30 ? second([900, 800], [100, 89]) : second([900, 1], [100, 0])), 59);
    expect(found.verdict).toBe('Inconclusive');
  });

  it('waits, and never passes, where the ceiling is exceeded on both sides', () => {
    const found = decide(() => second([900, 180], [100, 20]), 600);
    expect(found.verdict).toBe('Inconclusive');
    expect(found.sentence).toContain('the stable side fails as often (20.0 %)');
  });

  it('is not blamed for slow answers in the first seconds, while its caches are cold', () => {
    const found = decide(
      (at) => second([100, 0, times(50, 300)], [100, 0, at < 14 ? times(200, 2000) : times(50, 300)]),
      120,
    );
    expect(found.verdict).toBe('Successful');
  });

  it('is cleared where all answers take the same few milliseconds', () => {
    const same: Times = [[1, 100]];
    expect(decide(() => second([100, 0, same], [100, 0, same]), 300).verdict).toBe('Successful');
    expect(decide(() => second([100, 0, same], [100, 0, [[9, 100]]]), 300).verdict).toBe('Failed');
    // Balancers count whole milliseconds: 4 after 3 is a third more, and nothing that a user feels.
    expect(decide(() => second([100, 0, [[3, 100]]], [100, 0, [[4, 100]]]), 300).verdict).toBe('Successful');
  });

  it('is not blamed when the weight grows while both sides get worse', () => {
    // Pooled, the canary looks twice as bad as the stable side: its requests came when errors were frequent.
    const found = decide((at) => (at < 100 ? second([990, 5], [10, 0]) : second([500, 20], [500, 20])), 160);
    expect(found.verdict).not.toBe('Failed');
  });
});

describe('a policy of a team', () => {
  const slowTail = () => second([100, 0, times(50, 300)], [100, 0, times(50, 600)]);

  it('may leave out the slowest answers: then they neither take a release back nor hold it', () => {
    expect(decide(slowTail, 300).verdict).toBe('Failed');
    const found = decide(slowTail, 300, { critical: ['errors', 'p50', 'p90'] });
    expect(found.verdict).toBe('Successful');
  });

  it('calls no latency worse that differs by less than it allows', () => {
    const slower = () => second([100, 0, times(50, 300)], [100, 0, times(75, 450)]);
    expect(decide(slower, 300, { slower: { p50: 1.25, p90: 1.25, p99: 1.5, ms: 200 } }).verdict).toBe('Successful');
  });
});

describe('without enough data', () => {
  it('never passes: no requests, few requests, one request a while', () => {
    expect(decide(() => second([1000, 3], [0, 0]), 3600)).toMatchObject({
      verdict: 'Inconclusive',
      sentence: '0 of at least 100 requests seen on the new side',
    });
    expect(decide((at) => second([1000, 3], [at % 60 === 0 ? 1 : 0, 0]), 3600).verdict).toBe('Inconclusive');
    expect(decide(() => second([0, 0], [0, 0]), 3600).verdict).toBe('Inconclusive');
  });

  it('does not blame for fewer than three errors', () => {
    expect(decide((at) => second([100_000, 0], [100, at === 0 ? 2 : 0]), 1).verdict).toBe('Inconclusive');
  });

  it('estimates how many more requests are needed', () => {
    const judge = createCanaryJudge(policy);
    for (let at = 0; at < 40; at += 1) judge.add(second([90, 0], [10, 0]));
    expect(judge.judgement().sentence).toMatch(
      /^no worse so far; about \d+ more requests, \d+ s, to be certain about errors; 0 of 400 requests failed/,
    );
  });

  it('does not clear latency that was not counted at all on one side, where it is counted on the other', () => {
    expect(decide(() => second([900, 0, times(50, 300)], [100, 0]), 600).verdict).toBe('Successful');
  });
});

describe('a process that continues', () => {
  it('gives the same result from its state as JSON as one that was never stopped', () => {
    const tickAt = (at: number) => second([300, at % 4, times(50, 300)], [30, at % 2, times(55, 320)]);
    const whole = createCanaryJudge(policy);
    let parts = createCanaryJudge(policy);
    for (let at = 0; at < 90; at += 1) {
      whole.add(tickAt(at));
      parts.add(tickAt(at));
      if (at % 17 === 0) parts = createCanaryJudge(policy, JSON.parse(JSON.stringify(parts.state())));
      expect(parts.judgement()).toEqual(whole.judgement());
    }
    expect(JSON.stringify(whole.state()).length).toBeLessThan(10_000);
  });

  it('goes on from the state of a version that had other tests: what they found is left out', () => {
    const judge = createCanaryJudge(policy);
    for (let at = 0; at < 90; at += 1) judge.add(second([300, 1, times(50, 300)], [30, 3, times(55, 320)]));
    const { errors, latency: _, alone: __, ...rest } = judge.state();
    const { limit: ___, ...others } = errors;
    const older = {
      ...rest,
      errors: { ...others, worse: [9, 9, 9, 9, 9, 9, 9, 9] },
      latency: [{ worse: [9], within: [9] }],
    };
    const next = createCanaryJudge(policy, JSON.parse(JSON.stringify(older)));
    expect(next.judgement()).toMatchObject({ verdict: 'Inconclusive' });
    for (let at = 0; at < 90; at += 1) next.add(second([300, 1, times(50, 300)], [30, 20, times(55, 320)]));
    expect(next.judgement()).toMatchObject({ verdict: 'Failed', metric: 'error-rate' });
  });

  it('leaves the state that it was given as it is', () => {
    const before = createCanaryJudge(policy).state();
    const text = JSON.stringify(before);
    createCanaryJudge(policy, before).add(second([10, 1], [10, 9]));
    expect(JSON.stringify(before)).toBe(text);
  });
});

describe('errors of clients that are told apart', () => {
  const tick = (failing: number): CanaryTick => ({
    ms: 1_000,
    stable: { requests: 180, errors: 1 },
    canary: { requests: 20, errors: 1, failing },
  });
  const judged = (failing: number) => {
    const judge = createCanaryJudge(policy);
    for (let second = 0; second < 60; second += 1) judge.add(tick(failing));
    return judge.judgement();
  };

  it('blame the new side when several meet them, and never when one does', () => {
    expect(judged(5)).toMatchObject({ verdict: 'Failed', metric: 'error-rate' });
    expect(judged(1)).toMatchObject({ verdict: 'Inconclusive' });
    expect(judged(1).sentence).toContain('but all errors are those of one client');
  });

  it('show no release as good by leaving out what clients repeat', () => {
    const judge = createCanaryJudge(policy);
    for (let second = 0; second < 600; second += 1)
      judge.add({
        ms: 1_000,
        stable: { requests: 1_800, errors: 18, wide: { requests: 1_800, errors: 18 } },
        canary: { requests: 195, errors: 2, failing: 9, wide: { requests: 200, errors: 7 } },
      });
    expect(judge.judgement().verdict).toBe('Inconclusive');
  });
});
