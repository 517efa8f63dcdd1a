import { describe, expect, it } from 'vitest';
import { createCanaryJudge, type JudgePolicy } from './canary-judge.ts';
import { type RecordedLook, replay } from './replay.ts';

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

const look = (second: number, [stable, canary]: readonly [number, number], percent = 10): RecordedLook => ({
  at: 1_000_000 + 1_000 * second,
  percent,
  tick: { ms: 1_000, stable: { requests: 180, errors: stable }, canary: { requests: 20, errors: canary } },
  decided: 'Inconclusive',
  compared: second < 9 ? 'Inconclusive' : 'Failed',
});
const seconds = (count: number, errorsAt: (second: number) => readonly [number, number]) =>
  Array.from({ length: count }, (_, second) => look(second, errorsAt(second)));

describe('a recorded canary', () => {
  const looks = seconds(60, (second) => [1, second % 2]);

  it('gives the verdicts, when they came, and those that were recorded', () => {
    const { looks: count, lengthMs, decided, compared, replayed } = replay(looks, policy);
    expect([count, lengthMs]).toEqual([60, 59_000]);
    expect(decided.map(({ verdict }) => verdict)).toEqual(['Inconclusive']);
    expect(compared.map(({ verdict, afterMs }) => [verdict, afterMs])).toEqual([
      ['Inconclusive', 0],
      ['Failed', 9_000],
    ]);
    const judge = createCanaryJudge(policy);
    const failedAt = looks.findIndex(({ tick }) => {
      judge.add(tick);
      return judge.judgement().verdict === 'Failed';
    });
    expect(replayed.at(-1)).toMatchObject({ verdict: 'Failed', metric: 'error-rate', afterMs: 1_000 * failedAt });
  });

  it('is judged earlier by a policy that allows more mistakes', () => {
    const failedAt = (falseRollback: number) =>
      replay(looks, { ...policy, falseRollback }).replayed.find(({ verdict }) => verdict === 'Failed')?.afterMs ?? 1e9;
    expect(failedAt(0.2)).toBeLessThan(failedAt(0.001));
  });

  it('of no look says nothing', () => {
    expect(replay([], policy)).toMatchObject({ looks: 0, lengthMs: 0, replayed: [] });
  });

  it('lets the evidence of an earlier stage count in the next, within the same chance of a mistake', () => {
    const half = seconds(12, (second) => [1, second % 3 === 0 ? 1 : 0]);
    const stage = replay(half, policy);
    expect(stage.replayed.map(({ verdict }) => verdict)).not.toContain('Failed');
    const failedAt = (before: typeof stage.evidence | undefined) =>
      replay(looks, policy, before).replayed.find(({ verdict }) => verdict === 'Failed')?.afterMs ?? 1e9;
    expect(failedAt(JSON.parse(JSON.stringify(stage.evidence)))).toBeLessThan(failedAt(undefined));
    expect(replay([...half, ...looks.map((each) => ({ ...each, at: each.at + 12_000 }))], policy).evidence).toEqual(
      replay(looks, policy, stage.evidence).evidence,
    );
  });
});
