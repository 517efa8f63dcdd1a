// Whole canaries, explained: what the explanation says is compared with what was done.

import { afterEach, expect, it } from 'vitest';
import type { ExplanationView } from '../../../api/explanation.ts';
import { answerWith } from '../../../testing/fake-evidence.ts';
import { alice, bob, type Flow, startFlow } from '../../../testing/flow.ts';

let flow: Flow;
afterEach(() => flow.close());

async function canary(judge = 'patience: 20s'): Promise<string> {
  flow = await startFlow({
    options: `
    canary: [{ percent: 10, watch: 40s }]
    bake: 5s
    judge:
      ${judge}`,
  });
  await flow.live('v1');
  flow.balancers.busy('blue', { requests: 9_000, errors: 9 });
  flow.balancers.busy('green', { requests: 1_000, errors: 1 });
  return flow.ask('v2');
}

function explained(word: string): ExplanationView {
  const found = flow.people.timelines.explain(word, {});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value;
}

it('names the limits with both sides’ numbers, the share and the rule at the moment of a failure', async () => {
  const id = await canary();
  flow.balancers.busy('green', { requests: 1_000, errors: 400 });
  await flow.finish(id);
  const view = explained('latest');
  expect(view).toMatchObject({ id, version: 'v2', from: 'v1', outcome: { code: 'canary-failed' }, acts: [] });
  expect(view.summary).toMatch(
    /^the fixed limits decided in "watch 10 % for 40 s": Failed: 400 of 1000 requests failed/,
  );
  expect(view.shares).toHaveLength(1);
  expect(view.shares[0]).toMatchObject({
    position: view.decidedAt,
    code: 'canary-failed',
    decider: { by: 'limits' },
    metric: 'error-rate',
    numbers: { stable: { requests: 9_000, errors: 9 }, canary: { requests: 1_000, errors: 400 } },
    judged: {
      percent: 10,
      advice: { verdict: expect.any(String), sentence: expect.any(String) },
      checks: [],
      rule: { mode: 'manual', minRequests: 50, maxErrorRate: 0.05, margins: { errorRatio: 2, latencyMs: 5 } },
    },
  });
  expect(view.shares[0]?.words).toContain(
    'More than 5.00 % errors in at least 50 requests is a failure, once it is certain that they are more, and more than on the stable side.',
  );
  expect(view.shares[0]?.words).toContain(
    'The comparison of both sides advises; the fixed limits decide (mode: manual).',
  );
});

it('names the comparison and its metric where that decides, with its margins', async () => {
  const id = await canary('{ mode: automatic, maxErrorRate: 50%, patience: 20s }');
  flow.balancers.busy('green', { requests: 1_000, errors: 400 });
  await flow.finish(id);
  const [share] = explained(id).shares;
  expect(share).toMatchObject({ decider: { by: 'comparison' }, metric: 'error-rate', judged: { percent: 10 } });
  expect(share?.words.join('\n')).toContain(
    'errors proven below 2 times those of the stable side, or below 0.50 %; and p50 below 1.25 times',
  );
});

it('names the check that failed, with what was asked', async () => {
  answerWith('orders', () => ({ kind: 'opinion', result: 'pass', text: 'orders are well' }));
  const check = '{ name: orders, source: fake, interval: 2s, effect: guardrail, fake: { of: orders } }';
  const id = await canary(`checks: [${check}]`);
  answerWith('orders', () => ({ kind: 'opinion', result: 'fail', text: 'orders fell by half' }));
  await flow.finish(id);
  expect(explained(id).shares[0]).toMatchObject({
    decider: { by: 'check', check: 'orders' },
    metric: 'orders',
    judged: { checks: [{ name: 'orders', effect: 'guardrail', asks: ['orders'], judgement: { verdict: 'Failed' } }] },
  });
});

it('shows people who promote with a verdict and who abort against one, with the numbers they had', async () => {
  const id = await canary();
  await flow.at(id, 'watch');
  await flow.wait(id, 3_000);
  expect(flow.people.abort({ id }, bob).ok).toBe(true);
  await flow.finish(id);
  const view = explained(id);
  expect(view.acts).toMatchObject([
    { by: 'person:bob', action: 'abort-asked', during: 'watch 10 % for 40 s', toVerdict: 'against' },
  ]);
  expect(view.shares[0]?.numbers.canary).toMatchObject({ requests: 1_000, errors: 1 });
  expect(view.summary).toMatch(/^not a verdict ended it: .*; the last verdict was Successful: 1 of 1000/);
  expect(view.decidedAt).toBeUndefined();

  const next = flow.ask('v3');
  await flow.at(next, 'watch');
  await flow.wait(next, 3_000);
  expect(flow.people.pause({ id: next }, alice).ok).toBe(true);
  expect(flow.people.resume({ id: next }, alice).ok).toBe(true);
  expect(flow.people.promote({ id: next }, bob).ok).toBe(true);
  await flow.finish(next);
  const promoted = explained(next);
  expect(promoted.acts.map(({ action, toVerdict }) => [action, toVerdict])).toEqual([
    ['paused', undefined],
    ['resumed', undefined],
    ['promoted-on', 'with'],
  ]);
  expect(promoted.summary).toMatch(/^no verdict was against it; at the end: Successful/);
  expect(promoted.shares.map(({ judged }) => judged?.percent)).toEqual([10, 100]);
  expect(promoted.shares[1]?.words).toContain(
    'With all users on the new side there is nothing to compare with: the fixed limits decide.',
  );
});

it('explains a canary that runs, one that had no users, and one that an earlier version judged', async () => {
  const id = await canary();
  await flow.at(id, 'watch');
  await flow.wait(id, 3_000);
  expect(explained(id)).toMatchObject({
    outcome: undefined,
    summary: expect.stringMatching(/^not decided yet; so far: Successful: 1 of 1000/),
    shares: [{ endedAt: undefined, judged: { percent: 10 } }],
  });
  await flow.finish(id);
  flow.process().core.store.db.$client.exec("UPDATE steps SET note = json_remove(note, '$.judged')");
  const old = explained(id);
  expect(old.shares[0]).toMatchObject({ judged: undefined, words: [], decider: { by: 'limits' } });
  expect(old.remarks.join()).toContain('an earlier version judged it');
  flow.process().core.store.db.$client.exec('UPDATE steps SET note = NULL');
  expect(explained(id)).toMatchObject({ shares: [], summary: 'no share of users was judged' });
  expect(flow.people.timelines.explain('d_nothing', {})).toMatchObject({ refusal: { code: 'no-such-deployment' } });
});
