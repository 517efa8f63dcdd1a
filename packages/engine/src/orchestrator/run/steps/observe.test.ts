import { afterEach, describe, expect, it } from 'vitest';
import type { StoredEvidence } from '../../../analysis/canary-evidence.ts';
import { pause } from '../../../lib/clock.ts';
import { getSnapshot, judgeKey } from '../../../state/snapshots.ts';
import { alice, type Flow, startFlow } from '../../../testing/flow.ts';

const plan = (mode: string) => `
    canary: [{ percent: 10, watch: 20s }]
    bake: 5s
    judge: { mode: ${mode}, least: 10s, patience: 20s, atEnd: abort }`;

type SideCount = { readonly requests: number; readonly errors: number };

let flow: Flow;
afterEach(() => flow.close());

async function canary(mode: string): Promise<string> {
  flow = await startFlow({ options: plan(mode) });
  await flow.live('v1');
  return flow.ask('v2');
}

const fewErrors = () => {
  flow.balancers.busy('blue', { requests: 9_000, errors: 9 });
  flow.balancers.busy('green', { requests: 1_000, errors: 40 });
};

describe('a new side with more errors than the stable one, below the fixed limit', () => {
  it('is reverted by the comparison, with its numbers', async () => {
    const id = await canary('automatic');
    fewErrors();
    const { outcome } = await flow.finish(id);
    expect([outcome?.kind, outcome?.code]).toEqual(['failed', 'canary-failed']);
    expect(outcome?.sentence).toContain(
      'requests fail 40.0 times as often as on the stable side (0.10 %): 40 of 1000 requests failed on the new side (4.00 %)',
    );
    expect(flow.slots().blue).toContain('active');
  });

  it('passes the fixed limits where these decide, and people see the result of the comparison', async () => {
    const id = await canary('manual');
    fewErrors();
    await flow.at(id, 'bake');
    const { observation } = flow.view(id);
    expect(observation?.judgement.verdict).toBe('Successful');
    expect(observation?.advice?.verdict).toBe('Failed');
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });
});

describe('with the comparison deciding', () => {
  it('a healthy side is promoted, the bake included', async () => {
    const id = await canary('automatic');
    flow.balancers.busy('blue', { requests: 27_000, errors: 27 });
    flow.balancers.busy('green', { requests: 3_000, errors: 3 });
    const { outcome } = await flow.finish(id);
    expect(outcome?.kind).toBe('promoted');
  });

  it('a side without visitors is never promoted', async () => {
    const id = await canary('automatic');
    flow.balancers.busy('blue', { requests: 9_000, errors: 9 });
    const { outcome } = await flow.finish(id);
    expect(outcome?.code).toBe('inconclusive');
    expect(outcome?.sentence).toContain('0.0 % of the requests reach the new side, though its weight is 10 %');
  });

  it('more errors than the limit do not end it where the stable side has as many', async () => {
    const id = await canary('automatic');
    flow.balancers.busy('blue', { requests: 540, errors: 100 });
    flow.balancers.busy('green', { requests: 60, errors: 11 });
    const { outcome } = await flow.finish(id);
    expect([outcome?.kind, outcome?.code]).toEqual(['aborted', 'inconclusive']);
  });
});

describe('with the fixed limit deciding', () => {
  const ended = async (blue: SideCount, green: SideCount) => {
    const id = await canary('manual');
    flow.balancers.busy('blue', blue);
    flow.balancers.busy('green', green);
    const { outcome } = await flow.finish(id);
    return { code: outcome?.code, sentence: outcome?.sentence };
  };

  it('more errors than it allows end a release once they are certain', async () => {
    const { code, sentence } = await ended({ requests: 540, errors: 2 }, { requests: 60, errors: 14 });
    expect(code).toBe('canary-failed');
    expect(sentence).toContain('more than 5.00 % is a failure');
  });

  it('a handful of errors beyond it is no failure, since chance may bring them', async () => {
    const { code, sentence } = await ended({ requests: 540, errors: 15 }, { requests: 60, errors: 4 });
    expect(code).toBe('inconclusive');
    expect(sentence).toContain('more than 5.00 % is a failure, but it is not certain yet');
  });

  it('nor is what the stable side has as well', async () => {
    const { code, sentence } = await ended({ requests: 5_400, errors: 1_000 }, { requests: 600, errors: 110 });
    expect(code).toBe('inconclusive');
    expect(sentence).toContain('but it is not certain that the stable side fails less');
  });
});

describe('a canary that cannot be judged', () => {
  const asking = async () => {
    flow = await startFlow({
      options: `
    canary: [{ percent: 10, watch: 20s }]
    bake: 5s
    approval: { deadline: 2m }
    judge: { patience: 20s }`,
    });
    await flow.live('v1');
    const id = flow.ask('v2');
    flow.balancers.busy('blue', { requests: 9_000, errors: 9 });
    await flow.until(id, ({ pausedAt }) => pausedAt !== null);
    return id;
  };

  it('is paused at its share, asks, and goes on after a resume once users have come', async () => {
    const id = await asking();
    expect(flow.story().at(-1)).toMatch(/^paused: asks what to do with v2, which is paused: still not enough to judge/);
    expect([flow.view(id).percent, flow.row(id).finishedAt]).toEqual([10, null]);
    flow.people.resume({ id }, alice);
    flow.balancers.busy('green', { requests: 1_000, errors: 1 });
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });

  it('asks once more after the patience, and is aborted when no person answers', async () => {
    const id = await asking();
    flow.people.resume({ id }, alice);
    await flow.until(id, ({ pausedAt }) => pausedAt !== null);
    expect(flow.actions().filter((action) => action === 'paused')).toHaveLength(2);
    const { outcome } = await flow.finish(id);
    expect([outcome?.kind, outcome?.code]).toEqual(['aborted', 'inconclusive']);
    expect(outcome?.sentence).toContain('no person decided');
  });

  it('is still taken back for its errors while it waits', async () => {
    const id = await asking();
    flow.balancers.busy('green', { requests: 1_000, errors: 400 });
    expect((await flow.finish(id)).outcome?.code).toBe('canary-failed');
  });
});

describe('a canary that was judged', () => {
  const replayed = (id: string, more: { file?: string; set?: string } = {}) => {
    const found = flow.people.timelines.replay(id, {}, more);
    if (!found.ok) throw new Error(found.refusal.sentence);
    return found.value;
  };

  it('is recorded, and judged once more with the same result, or with another policy', async () => {
    const id = await canary('automatic');
    fewErrors();
    await flow.finish(id);
    const { path, decided, replayed: now, version } = replayed(id);
    expect(version).toBe('v2');
    expect(decided.at(-1)?.verdict).toBe('Failed');
    expect(now.at(-1)).toMatchObject({ verdict: 'Failed', metric: 'error-rate' });
    expect(replayed('a file', { file: path }).replayed).toEqual(now);
    const lenient = replayed(id, { set: 'falseRollback: 0.1%, least: 1s, critical: [errors]' });
    expect(lenient.replayed.at(-1)?.verdict).toBe('Failed');
  });

  it('is found by its recording alone: any other file is refused', async () => {
    flow = await startFlow({ options: plan('manual') });
    await flow.live('v1');
    const refusals = [
      flow.people.timelines.replay('x', {}, { file: '/there/is/none.jsonl' }),
      flow.people.timelines.replay('x', {}, { file: '/etc/hostname' }),
      flow.people.timelines.replay('x', {}, { file: '/' }),
    ];
    expect(refusals.map((each) => each.ok)).toEqual([false, false, false]);
  });
});

describe('a limit of 0 % or 100 %', () => {
  it.each(['0%', '100%'])('of %s leaves the comparison able to judge', async (maxErrorRate) => {
    flow = await startFlow({
      options: `${plan('manual')}`.replace('judge: {', `judge: { maxErrorRate: ${maxErrorRate},`),
    });
    await flow.live('v1');
    const id = flow.ask('v2');
    flow.balancers.busy('blue', { requests: 27_000, errors: 27 });
    flow.balancers.busy('green', { requests: 3_000, errors: 0 });
    await flow.at(id, 'bake');
    expect(flow.view(id).observation?.advice?.verdict).toBe('Successful');
    const { evidence } =
      getSnapshot<{ evidence: StoredEvidence }>(flow.process().core.store.db, judgeKey(id))?.value ?? {};
    expect(evidence?.errors.ceiling.whole.every(Number.isFinite)).toBe(true);
  });
});

describe('a process that takes over in the middle of a canary', () => {
  it('continues with the evidence, and counts no request twice', async () => {
    const id = await canary('automatic');
    flow.balancers.busy('blue', { requests: 900, errors: 0 });
    flow.balancers.busy('green', { requests: 100, errors: 0 });
    const remembered = () =>
      getSnapshot<{ evidence: StoredEvidence }>(flow.process().core.store.db, judgeKey(id))?.value.evidence;
    await flow.at(id, 'watch');
    const paused = pause(flow.clock, 3_500).then(() => flow.people.pause({ id }, alice));
    await flow.killWhen(id, ({ pausedAt }) => pausedAt !== null);
    expect(remembered()?.canary.requests).toBe(100);
    expect((await paused).ok).toBe(true);
    flow.restart();
    flow.people.resume({ id }, alice);
    flow.balancers.busy('blue', { requests: 27_000, errors: 27 });
    flow.balancers.busy('green', { requests: 3_000, errors: 3 });
    await flow.at(id, 'promote');
    expect(remembered()?.canary.requests).toBe(3_000);
    expect(remembered()?.stable.requests).toBe(27_000);
  });
});
