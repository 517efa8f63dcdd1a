import { describe, expect, it } from 'vitest';
import { createDice } from '../../../../bench/judge/draw.ts';
import type { Answer, PairOfCounters } from '../domain/evidence.ts';
import { addAnswer, type CheckRules, noCheckState } from './check-judge.ts';
import { addToHistory, countAt, type History } from './witness.ts';

const rules: CheckRules = {
  ...{ failures: 0, errors: 2, inconclusive: 2, min: undefined, max: undefined, agree: 0.2 },
  ...{ falseAlarm: 0.005, leastRequests: 50, needsProof: false },
};
const number = (value: number): Answer => ({ kind: 'number', value });
const down: Answer = { kind: 'none', why: 'failed', sentence: 'Prometheus is down' };
const nothing: Answer = { kind: 'none', why: 'empty', sentence: 'returns nothing' };

function standings(answers: readonly Answer[], change: Partial<CheckRules> = {}): string {
  const state = noCheckState();
  return answers
    .map((answer) => {
      addAnswer(state, { ...rules, max: 10, ...change }, { answer, sharedSince: 0, history: [] });
      return state.standing.verdict[0];
    })
    .join('');
}

describe('a number', () => {
  it('is compared with both limits', () => {
    expect(standings([number(10), number(10.1)])).toBe('SF');
    expect(standings([number(2), number(1.9)], { min: 2 })).toBe('SF');
    expect(standings([number(-5)])).toBe('S');
  });

  it('that is bad counts from so many in a row on, and a good one ends the row', () => {
    const [good, bad] = [number(1), number(11)];
    expect(standings([good, bad, bad, good, bad, bad, bad], { failures: 2 })).toBe('SSSSSSF');
    expect(standings([bad, bad], { failures: 1 })).toBe('IF');
  });
});

describe('an answer that could not be had', () => {
  it('is never a pass, and never a failure of the release', () => {
    expect(standings([down, down, down])).toBe('EEE');
    expect(standings([nothing, nothing])).toBe('II');
    for (const why of ['no-series', 'empty', 'not-a-number', 'stale', 'several', 'failed'] as const)
      expect(standings(Array.from({ length: 9 }, () => ({ kind: 'none', why, sentence: '' })))).toMatch(/^[EI]+$/);
  });

  it('leaves the last good answer for as many as are allowed in a row', () => {
    expect(standings([number(1), down, down, down, number(1)])).toBe('SSSES');
    expect(standings([number(1), nothing, nothing, nothing])).toBe('SSSI');
    expect(standings([number(11), down])).toBe('FF');
  });
});

it('takes an opinion as it is', () => {
  const opinion = (result: 'pass' | 'fail' | 'unknown'): Answer => ({ kind: 'opinion', result, text: 'so it is' });
  expect(standings([opinion('unknown'), opinion('pass'), opinion('fail')])).toBe('ISF');
});

interface Canary {
  readonly seed: number;
  readonly rates: readonly [stable: number, canary: number];
  readonly perSecond?: number;
  readonly seconds?: number;
  /** What the source says, from what is true. */
  readonly said?: (pair: { stable: PairOfCounters; canary: PairOfCounters }) => Answer;
  readonly restartsAt?: number;
  readonly change?: Partial<CheckRules>;
}

/** A canary of 10 %, whose counters are scraped every five seconds, one process restarting on the way. */
function run({ seed, rates, perSecond = 200, seconds = 300, said, restartsAt, change }: Canary) {
  const dice = createDice(seed);
  const state = noCheckState();
  const true_ = { stable: { all: 1_000, bad: 7 }, canary: { all: 40, bad: 0 } };
  const counted = { stable: 0, canary: 0 };
  let history: History = [{ at: 0, stable: 0, canary: 0 }];
  const verdicts = new Set<string>();
  for (let second = 1; second <= seconds; second += 1) {
    for (const [at, side] of (['stable', 'canary'] as const).entries()) {
      const requests = dice.poisson((perSecond * (side === 'stable' ? 9 : 1)) / 10);
      const failed = dice.binomial(requests, rates[at] ?? 0);
      true_[side] = { all: true_[side].all + requests, bad: true_[side].bad + failed };
      counted[side] += requests;
    }
    if (second === restartsAt) true_.canary = { all: 0, bad: 0 };
    history = addToHistory(history, { at: second * 1000, ...counted });
    if (second % 5 !== 0) continue;
    const series = (value: number) => [{ id: 'x', samples: [[second * 1000 - 200, value] as const] }];
    const pair = ({ all, bad }: { all: number; bad: number }): PairOfCounters => ({
      all: series(all),
      bad: bad === 0 ? [] : series(bad),
    });
    const both = { stable: pair(true_.stable), canary: pair(true_.canary) };
    const answer = said?.(both) ?? { kind: 'counters', ...both };
    addAnswer(state, { ...rules, ...change }, { answer, sharedSince: 0, history });
    verdicts.add(state.standing.verdict);
  }
  return { verdicts, standing: state.standing, state };
}

describe('a pair of counters', () => {
  it('of a healthy side fails in no more runs than are allowed, and agrees with the load balancer in all', () => {
    const runs = Array.from({ length: 300 }, (_, seed) => run({ seed, rates: [0.01, 0.01] }));
    expect(runs.filter(({ verdicts }) => verdicts.has('Failed')).length).toBeLessThanOrEqual(6);
    expect(runs.filter(({ verdicts }) => verdicts.has('Error')).length).toBe(0);
    expect(runs.filter(({ verdicts }) => verdicts.has('Successful')).length).toBeGreaterThan(290);
  });

  it('of a worse side fails', () => {
    const found = run({ seed: 1, rates: [0.01, 0.05] });
    expect(found.standing).toMatchObject({ verdict: 'Failed' });
    expect(found.standing.sentence).toMatch(/^worse than the stable side: \d+ of \d+ failed on the new side \([45]\./);
  });

  it('of a worse side fails also where the two sides are never read at the same moment', () => {
    let odd = false;
    const before: { pair?: { stable: PairOfCounters; canary: PairOfCounters } } = {};
    const found = run({
      ...{ seed: 1, rates: [0.01, 0.05] },
      said: (pair) => {
        odd = !odd;
        const old = before.pair ?? pair;
        const seen = odd ? { stable: pair.stable, canary: old.canary } : { stable: old.stable, canary: pair.canary };
        before.pair = seen;
        return { kind: 'counters', ...seen };
      },
    });
    expect(found.verdicts.has('Failed')).toBe(true);
  });

  it('with a limit fails above it, whatever the stable side does', () => {
    expect(run({ seed: 1, rates: [0.2, 0.2], change: { max: 0.1 } }).standing.sentence).toContain(
      'more than 10.0 % fail',
    );
    expect(run({ seed: 1, rates: [0.2, 0.2] }).standing.verdict).toBe('Successful');
  });

  it('survives a restart of the service, which sets its counters to zero', () => {
    const found = run({ seed: 3, rates: [0.01, 0.01], restartsAt: 102 });
    expect(found.verdicts.has('Error')).toBe(false);
    expect(found.standing.verdict).toBe('Successful');
  });

  it('with proof asked for is good only when it is proven', () => {
    expect(run({ seed: 5, rates: [0.001, 0.001], seconds: 40, change: { needsProof: true } }).standing.verdict).toBe(
      'Inconclusive',
    );
    expect(run({ seed: 5, rates: [0.01, 0.01], seconds: 900, change: { needsProof: true } }).standing.verdict).toBe(
      'Successful',
    );
  });

  const doubled = (pair: PairOfCounters): PairOfCounters => ({
    bad: pair.bad,
    all: pair.all.map(({ id, samples }) => ({ id, samples: samples.map(([at, value]) => [at, 2 * value] as const) })),
  });
  const frozen: { first?: PairOfCounters } = {};
  it.each<[string, NonNullable<Canary['said']>]>([
    ['exchanged sides', ({ stable, canary }) => ({ kind: 'counters', stable: canary, canary: stable })],
    ['the same of both sides', ({ stable }) => ({ kind: 'counters', stable, canary: stable })],
    [
      'a doubled scrape',
      ({ stable, canary }) => ({ kind: 'counters', stable: doubled(stable), canary: doubled(canary) }),
    ],
    [
      'more failures than requests',
      ({ stable, canary }) => ({ kind: 'counters', stable, canary: { bad: stable.all, all: canary.all } }),
    ],
    [
      'a frozen value with new times',
      ({ stable, canary }) => {
        frozen.first ??= canary;
        const [at = 0] = canary.all[0]?.samples[0] ?? [];
        const again = frozen.first.all.map(({ id, samples }) => ({
          id,
          samples: samples.map(([, value]) => [at, value] as const),
        }));
        return { kind: 'counters', stable, canary: { bad: [], all: again } };
      },
    ],
  ])('that is %s gives no verdict but Error', (_name, said) => {
    for (let seed = 0; seed < 20; seed += 1) {
      frozen.first = undefined as never;
      const { verdicts, standing } = run({ seed, rates: [0.01, 0.05], said });
      expect([...verdicts].filter((verdict) => verdict === 'Failed' || verdict === 'Successful')).toEqual([]);
      expect(['Error', 'Inconclusive']).toContain(standing.verdict);
    }
  });

  it('remembers no more than it must, however long the canary', () => {
    const size = (seconds: number) => JSON.stringify(run({ seed: 1, rates: [0.01, 0.01], seconds }).state).length;
    expect(size(3_000)).toBeLessThan(size(300) + 100);
  });
});

describe('the history of the load balancer’s counts', () => {
  it('is bounded, starts again when a count fell, and knows nothing of before and after', () => {
    let history: History = [];
    for (let at = 1; at <= 2_000; at += 1) history = addToHistory(history, { at, stable: at * 10, canary: at });
    expect(history.length).toBeLessThanOrEqual(900);
    expect(countAt(history, 1_999.5, 'stable')).toBe(19_995);
    expect([countAt(history, 3_000, 'stable'), countAt(history, 1, 'stable')]).toEqual([undefined, undefined]);
    expect(addToHistory(history, { at: 2_001, stable: 5, canary: 0 })).toHaveLength(1);
  });
});
