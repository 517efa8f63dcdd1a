import { expect, it } from 'vitest';
import type { Verdict } from '../../../analysis/judge.ts';
import type { ExplanationView } from '../../../api/explanation.ts';
import type { OutcomeKind } from '../../../domain/deployment.ts';
import { tallyOf } from './tally.ts';

/** Of an explanation only what is counted. */
const canary = (kind: OutcomeKind | undefined, ...verdicts: readonly Verdict[]): ExplanationView => {
  const shares = verdicts.map((verdict) => ({ judged: { percent: 10, advice: { verdict, sentence: 'so it is' } } }));
  const acts = [{ toComparison: verdicts.at(-1) === 'Successful' ? 'with' : 'open' }];
  const view: unknown = { id: 'd_1', version: 'v2', outcome: kind && { kind }, shares, acts };
  return view as ExplanationView;
};
const many = (count: number, view: ExplanationView) => Array.from({ length: count }, () => view);

it('counts what the comparison said, and says when it may decide', () => {
  const report = tallyOf('shop', [
    ...many(15, canary('promoted', 'Inconclusive', 'Successful')),
    ...many(5, canary('failed', 'Failed')),
    canary('promoted'),
    canary(undefined, 'Successful'),
  ]);
  expect(report).toMatchObject({
    compared: 20,
    notCompared: 2,
    verdicts: { Successful: 15, Failed: 5, Inconclusive: 0, Error: 0 },
    isReady: true,
  });
  expect(report.acts).toEqual({ with: 16, against: 0, open: 6 });
});

it('wants more canaries before it does', () => {
  expect(tallyOf('shop', many(19, canary('promoted', 'Successful')))).toMatchObject({
    isReady: false,
    advice: 'not yet: 19 of 20 canaries compared, 19 of 10 of them called good',
  });
  expect(tallyOf('shop', []).isReady).toBe(false);
});

it('names the canaries where it and what happened differ', () => {
  const good = many(30, canary('promoted', 'Successful'));
  const disputed = tallyOf('shop', [...good, canary('promoted', 'Failed', 'Successful')]);
  expect([disputed.isReady, disputed.disputed.length, disputed.missed.length]).toEqual([false, 1, 0]);
  const missed = tallyOf('shop', [...good, canary('rolled-back', 'Successful')]);
  expect([missed.isReady, missed.disputed.length, missed.missed.length]).toEqual([false, 0, 1]);
});
