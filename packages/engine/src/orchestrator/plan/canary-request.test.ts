// The steps of a canary for one deployment, and what a target does not allow.

import { afterEach, describe, expect, it } from 'vitest';
import { liveDeployment } from '../../state/deployments.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { beginDue } from '../queue/begin-waiting.ts';
import { readCanary } from './canary-request.ts';

const own = [
  { percent: 10, watchMs: 60_000, approval: false },
  { percent: 10, watchMs: undefined, approval: true },
  { percent: 50, watchMs: 60_000, approval: false },
];
const limits = { largestStep: 60, leastWatchMs: 10_000 };
const read = (text: string, settings: Parameters<typeof readCanary>[1] = { canary: own, canaryLimits: limits }) => {
  const answer = readCanary(text, settings);
  return answer.ok ? answer.value : answer.refusal.sentence;
};

it('steps are read, and what people are asked for is asked after the first step with at least that share', () => {
  expect(read('5:1m,20:5m')).toEqual([
    { percent: 5, watchMs: 60_000, approval: false },
    { percent: 20, watchMs: 300_000, approval: true },
  ]);
  expect(read('5:1m')).toEqual([{ percent: 5, watchMs: 60_000, approval: true }]);
});

describe('refused is', () => {
  it.each([
    ['nothing', '', '"" is no step of a canary'],
    ['a share without time', '5', '"5" is no step of a canary'],
    ['a share of nobody', '0:1m', '"0:1m" is no step of a canary'],
    ['everybody', '100:1m', '"100:1m" is no step of a canary'],
    ['no time at all', '5:0s', '"5:0s" is no step of a canary'],
    ['a step back', '20:1m,10:1m', '10 % is not more than the 20 % before it'],
    ['a step that is too large', '5:1m,70:1m', 'from 5 % to 70 % are more users than one step may move: at most 60 %'],
    ['a watch that is too short', '5:9s', '5 % is watched for 9 s: at least 10 s here'],
  ])('%s', (_, text, sentence) => {
    expect(read(text)).toBe(sentence);
  });

  it('without limits, what is faster or larger than the own canary of the target', () => {
    const settings = { canary: own, canaryLimits: undefined };
    expect(read('40:60s,80:60s', settings)).toHaveLength(2);
    expect(read('41:60s', settings)).toContain('at most 40 %');
    expect(read('10:59s', settings)).toContain('at least 60 s');
  });
});

describe('in a deployment', () => {
  let flow: Flow;
  afterEach(() => flow.close());
  const shares = () => flow.balancers.story.map((routing) => routing.replace(/, preview.*/, ''));

  it('the steps replace those of the target, also after the request has waited', async () => {
    flow = await startFlow();
    await flow.live('v1');
    for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
    const id = flow.ask('v2', { canary: '3:5s,8:6s' });
    const waiting = flow.people.request({ version: 'v3', actor: alice, canary: '4:5s' });
    expect(waiting).toMatchObject({ ok: true, value: { kind: 'waiting' } });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(shares().slice(-3)).toEqual(['blue + 3 % green', 'blue + 8 % green', 'green']);
    const { core, target, lease } = flow.process();
    beginDue(core, target, lease());
    const next = liveDeployment(core.store.db, target.key);
    expect((await flow.finish(next?.id ?? '')).steps.map(({ title }) => title)).toContain('send 4 % of users to v3');
  });

  it('what the target does not allow is refused, with an audit row; the plan refuses it too', async () => {
    flow = await startFlow();
    await flow.live('v1');
    const request = { version: 'v2', actor: alice, canary: '50:1s' };
    expect(flow.people.deploy(request)).toMatchObject({ ok: false, refusal: { code: 'canary-refused' } });
    expect(flow.story().at(-1)).toContain('refused: deploy v2: from 0 % to 50 %');
    expect(await flow.people.plan(request)).toMatchObject({ ok: false, refusal: { code: 'canary-refused' } });
  });
});
