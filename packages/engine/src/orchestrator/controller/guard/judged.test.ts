// After the bake: users get errors from a side whose health is good, and the counts of the load balancer show it.

import { afterEach, describe, expect, it } from 'vitest';
import { liveDeployment } from '../../../state/deployments.ts';
import { judgedKey, putSnapshot } from '../../../state/snapshots.ts';
import { readSlot } from '../../../state/targets.ts';
import { type Flow, shortPlan, startFlow } from '../../../testing/flow.ts';
import { superviseSlot } from '../slot-health.ts';
import { guardLiveSide } from './guard.ts';
import { judgeLiveSide } from './judged.ts';
import { sideOf } from './memory.ts';

let flow: Flow;
afterEach(() => flow.close());

async function serving(guard = ''): Promise<void> {
  flow = await startFlow({ options: `${shortPlan}\n    health: { interval: 1s, failures: 2 }${guard}` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  flow.clock.advance(60_000);
  await rounds(1);
}

async function rounds(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const { core, target, lease } = flow.process();
    const context = { core, target, lease: lease(), signal: new AbortController().signal };
    for (const slot of ['blue', 'green'] as const) await flow.passing(superviseSlot({ ...context, slot }));
    await flow.passing(judgeLiveSide(context));
    await flow.passing(guardLiveSide(context));
    flow.clock.advance(1_000);
  }
}

const live = () => liveDeployment(flow.process().core.store.db, flow.process().target.key);
const guarded = (seq: number) => flow.story(seq).filter((row) => row.startsWith('guard-'));
/** A thousand requests more, of which so many failed. */
const fail = (errors: number, requests = 1_000) => flow.balancers.busy('green', { requests: 1_000 + requests, errors });

describe('a live side that fails its users after the bake', () => {
  it('calls a person once by default, and says when it is over', async () => {
    await serving();
    const seq = flow.lastSeq();
    fail(300);
    await rounds(1);
    expect(guarded(seq)).toEqual([]);
    await rounds(4);
    expect(guarded(seq)).toEqual([
      expect.stringMatching(
        /^guard-paged: v2 in green fails its users \(in the last minute, 300 of 2000 requests .*15\.0 %.*\); the guard only pages a person for this$/,
      ),
    ]);
    expect(live()).toBeUndefined();
    fail(0);
    await rounds(2);
    expect(guarded(seq)[1]).toBe('guard-ended: v2 in green is live and healthy');
  });

  it('gives them to the healthy standby where the guard is asked to', async () => {
    await serving('\n    guard: { judge: rollback }');
    fail(300);
    await rounds(2);
    expect(live()).toMatchObject({ mode: 'rollback', version: 'v1', requestedBy: 'engine' });
    expect(live()?.reason).toContain('fails its users');
  });

  it('keeps them where the standby is ill as well, and calls a person', async () => {
    await serving('\n    guard: { judge: rollback }');
    const seq = flow.lastSeq();
    fail(300);
    flow.environments.machine.behave('v1', { health: 'unhealthy' });
    await rounds(5);
    expect(live()).toBeUndefined();
    expect(guarded(seq)).toEqual([expect.stringContaining('guard-paged: v2 in green fails its users')]);
  });

  it.each([
    ['few errors', '', 80],
    ['more than the limit allows, which may be chance', '', 104],
    ['the judge of the guard off', '\n    guard: { judge: off }', 300],
  ])('is left alone with %s', async (_, guard, errors) => {
    await serving(guard);
    const seq = flow.lastSeq();
    fail(errors);
    await rounds(4);
    expect([guarded(seq), live()]).toEqual([[], undefined]);
  });

  it('is found again after a good time, which the evidence of the first does not shorten', async () => {
    await serving();
    const seq = flow.lastSeq();
    fail(300);
    await rounds(2);
    fail(300, 19_000);
    await rounds(12);
    // Above the limit in what the balancer shows of the last minute, but of these requests only a handful are new.
    flow.balancers.busy('green', { requests: 60, errors: 4 });
    await rounds(4);
    expect(guarded(seq)).toEqual([expect.stringMatching(/^guard-paged/), expect.stringMatching(/^guard-ended/)]);
    flow.balancers.busy('green', { requests: 600, errors: 300 });
    await rounds(3);
    expect(guarded(seq)).toHaveLength(3);
  });

  it('is judged on by the process that takes over, also from what an older version wrote', async () => {
    await serving('\n    guard: { judge: rollback }');
    const before = flow.process();
    const row = readSlot(before.core.store.db, before.target.key, 'green');
    const older = { side: sideOf(row), failures: 1, sentence: 'older' };
    before.core.store.note((db, at) => putSnapshot(db, judgedKey(before.target.key), older, at));
    flow.restart();
    fail(300);
    await rounds(1);
    expect(live()).toMatchObject({ mode: 'rollback', version: 'v1' });
  });
});
