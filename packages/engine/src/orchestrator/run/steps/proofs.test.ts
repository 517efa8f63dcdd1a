// Users get a side only after the balancer was seen to reach it, through every node, and "live" is said only after that
// again. On the way back no dead node is waited for.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getSnapshot, receiptKey } from '../../../state/snapshots.ts';
import { shop } from '../../../state/testing/state.ts';
import { alice, bob, type Flow, startFlow } from '../../../testing/flow.ts';
import type { Core } from '../../core.ts';
import { proveThrough } from './receipt.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ nodes: 2 });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

type Proof = Parameters<typeof proveThrough>[0];
const prove = (change: Partial<Proof> = {}) => {
  const { core, target } = flow.process();
  const expected = { slot: 'blue', version: 'v1' } as const;
  const signal = new AbortController().signal;
  return flow.passing(proveThrough({ core, target, expected, probes: 7, direction: 'forward', signal, ...change }));
};
/** The side is well again while the proof rests for this time, from 1. */
function wellIn(rest: number): Core {
  const { core } = flow.process();
  let rests = 0;
  const sleep: Core['clock']['sleep'] = async (ms, signal) => {
    rests += 1;
    if (rests === rest) flow.environments.machine.behave('v1', {});
    await flow.clock.sleep(ms, signal);
  };
  return { ...core, clock: { ...core.clock, sleep } };
}

describe('a proof', () => {
  it('sends all probes through each node', async () => {
    const [first, second] = flow.balancers.nodes;
    expect(await prove()).toMatchObject({
      proved: true,
      ms: 0,
      expected: { slot: 'blue', version: 'v1' },
      nodes: [
        { node: first?.name, probes: 7, seen: 7 },
        { node: second?.name, probes: 7, seen: 7 },
      ],
    });
  });

  it.each<[string, rest: number, proved: boolean, tookMs: number]>([
    ['is well for the second round', 1, true, 500],
    ['is well for the third round', 2, true, 1_000],
    ['is well after the third round', 3, false, 1_000],
  ])('of a side that %s', async (_, rest, proved, tookMs) => {
    flow.environments.machine.behave('v1', { health: 'unhealthy' });
    const receipt = await prove({ core: wellIn(rest) });
    expect(receipt.proved).toBe(proved);
    // On a busy machine a probe may need one more round.
    expect(receipt.ms).toBeGreaterThanOrEqual(tookMs);
    expect(receipt.nodes.map(({ seen }) => seen)).toEqual(proved ? [7, 7] : [0, 0]);
    if (!proved) expect(receipt.nodes[0]?.problem).toContain('503');
  });

  it('of another release than answers is none', async () => {
    expect(await prove({ expected: { slot: 'blue', version: 'v2' } })).toMatchObject({ proved: false });
  });

  it.each([
    ['forward', false, 2],
    ['back', true, 1],
  ] as const)('on the way %s with a dead node: proved %s', async (direction, proved, nodes) => {
    await flow.balancers.kill(1);
    const receipt = await prove({ direction });
    expect(receipt.proved).toBe(proved);
    expect(receipt.nodes).toHaveLength(nodes);
    expect(receipt.leftOut?.length ?? 0).toBe(2 - nodes);
  });

  it('without any node that answers is none', async () => {
    await flow.balancers.kill();
    expect(await prove({ direction: 'back' })).toMatchObject({ proved: false });
  });
});

describe('the steps that prove', () => {
  /** What runs in green answers badly from this step on. */
  const illFrom = async (id: string, step: string) => {
    await flow.until(id, ({ phase, direction }) => {
      if (phase === step && direction === 'forward') flow.environments.machine.sicken({ ...shop, slot: 'green' });
      return false;
    });
    return flow.view(id).outcome;
  };

  it('give no user to a side that the balancer does not reach', async () => {
    const outcome = await illFrom(flow.ask('v2'), 'prove-preview');
    expect(outcome).toMatchObject({ kind: 'failed', code: 'preview-not-proved' });
    expect(outcome?.sentence).toMatch(/^the balancer does not reach v2 at /);
    expect(flow.balancers.story.filter((routing) => /% green|^green/.test(routing))).toEqual([]);
    // The preview route is closed again.
    expect(flow.balancers.nodes.map(({ routing }) => routing.preview)).toEqual([undefined, undefined]);
  });

  it('take users back from a side that cannot be proved once they are there, with the receipt', async () => {
    const id = flow.ask('v2');
    const outcome = await illFrom(id, 'verify-live');
    expect(outcome).toMatchObject({ kind: 'rolled-back', code: 'not-proved' });
    expect(outcome?.sentence).toMatch(/^0 of 2 probes through .* saw v2: /);
    expect(getSnapshot(flow.process().core.store.db, receiptKey(id))?.value).toMatchObject({ proved: false });
    expect(flow.balancers.nodes.map(({ routing }) => routing.active)).toEqual(['blue', 'blue']);
  });

  it('take users back from a side that fails a smoke test through the balancer only', async () => {
    const id = flow.ask('v2');
    await flow.until(id, ({ phase, direction }) => {
      if (phase === 'verify-live' && direction === 'forward') flow.environments.machine.behave('v2', { status: 500 });
      return false;
    });
    expect(flow.view(id).outcome).toMatchObject({
      kind: 'rolled-back',
      code: 'smoke-test-failed',
      sentence: expect.stringMatching(/^smoke test "front page" through the balancer: expected status 200, got 500/),
    });
  });

  it('do not hold up a rollback for a smoke test that the older release does not pass', async () => {
    await flow.live('v2');
    flow.environments.machine.behave('v1', { status: 500 });
    const answer = flow.people.rollback({ actor: bob });
    const view = answer.ok ? await flow.finish(answer.value.id) : undefined;
    expect(view?.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
  });

  it('end at once when the side has ended: users do not wait for its proof', async () => {
    const id = flow.ask('v2');
    await flow.killWhen(id, ({ phase }) => phase === 'verify-live');
    await flow.environments.crash({ ...shop, slot: 'green' });
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back', code: 'side-crashed' });
    expect(getSnapshot(flow.process().core.store.db, receiptKey(id))).toBeUndefined();
  });

  it('name the node that was left out of the way back', async () => {
    await flow.live('v2');
    await flow.balancers.kill(1);
    flow.balancers.bury(1);
    const answer = flow.people.rollback({ actor: alice });
    if (answer.ok) await flow.finish(answer.value.id);
    const proof = flow.story().find((row) => row.startsWith('step-done: verify-live: 2 probes through 1 node saw v1'));
    expect(proof).toContain(flow.balancers.nodes[1]?.name);
  });
});
