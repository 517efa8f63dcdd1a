// A side with three instances: checked, proved, shown and restarted one by one, healthy with enough of them.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { getSnapshot, slotKey } from '../../state/snapshots.ts';
import { bob, type Flow, startFlow } from '../../testing/flow.ts';
import type { SlotSnapshot } from './side-health.ts';
import { superviseSlot } from './slot-health.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ instances: 3 });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const place = (slot: SlotName, instance: number) => ({ service: 'shop', target: 'production', slot, instance });
const conditionOf = (slot: SlotName) =>
  getSnapshot<SlotSnapshot>(flow.process().core.store.db, slotKey(place(slot, 1), slot))?.value.state.condition;
const pids = () => [...flow.environments.machine.instances.values()].map(({ pid }) => pid);
const viewOf = (slot: SlotName) => flow.people.status().targets[0]?.slots.find((each) => each.slot === slot);

async function look(slot: SlotName): Promise<void> {
  const { core, target, lease } = flow.process();
  await flow.passing(superviseSlot({ core, target, lease: lease(), slot, signal: new AbortController().signal }));
}

async function storyOf(act: () => Promise<void>): Promise<readonly string[]> {
  const before = flow.lastSeq();
  await act();
  return flow.story(before);
}

describe('a deployment of three instances', () => {
  it('keeps the instances of both sides through promotion and rollback, and proves each', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'promote');
    const before = pids();
    expect(before).toHaveLength(6);
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    expect(pids()).toEqual(before);
    const each = [1, 2, 3].map((instance) => ({ instance, healthy: true }));
    expect(flow.view(id).receipt).toMatchObject({ instances: each, nodes: [{ instances: each }] });
    expect(viewOf('green')?.instances).toHaveLength(3);
    expect(viewOf('blue')?.instances).toHaveLength(3);
    const asked = flow.people.rollback({ actor: bob, reason: 'wrong prices' });
    const back = await flow.finishWithPeople(asked.ok ? asked.value.id : '');
    expect(back).toMatchObject({ mode: 'rollback', outcome: { kind: 'promoted' } });
    expect(flow.slots().blue).toBe('v1 active');
    expect(pids()).toEqual(before);
    // Nothing has checked them since their role changed.
    expect(viewOf('blue')?.instances?.map(({ pid }) => pid)).toEqual(before.slice(0, 3));
  });

  it('fails where the load balancer does not reach one of them', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'check-health');
    for (const node of flow.balancers.nodes) node.misled = 2;
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'failed', code: 'preview-not-proved' });
    expect(outcome?.sentence).toContain('instance 2: expected x-served-instance to be 2, got 1');
  });

  it('goes back over a load balancer that does not reach one of them', async () => {
    const id = flow.ask('v2');
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    for (const node of flow.balancers.nodes) node.misled = 3;
    const asked = flow.people.rollback({ actor: bob, reason: 'wrong prices' });
    const back = await flow.finishWithPeople(asked.ok ? asked.value.id : '');
    expect(back.outcome?.kind).toBe('promoted');
    expect(back.receipt?.nodes[0]?.instances?.map(({ healthy }) => healthy)).toEqual([true, true, false]);
  });

  it('fails where one of them does not answer as its release', async () => {
    const id = flow.ask('v2');
    await flow.at(id, 'check-health');
    flow.environments.machine.sicken(place('green', 3));
    const view = await flow.finish(id);
    expect(view.outcome).toMatchObject({ kind: 'failed', code: 'never-healthy' });
    expect(view.outcome?.sentence).toContain('2 of 3 instances are healthy; instance 3: ');
  });
});

describe('an instance of the live side that ends', () => {
  it('is named and started again; the others go on, and no user moves', async () => {
    await look('blue');
    const before = pids();
    await flow.environments.crash(place('blue', 2));
    const story = await storyOf(() => look('blue'));
    expect(story).toEqual([
      'crashed: instance 2 of v1 in blue (active) crashed (exit code 1); it is restarted',
      'restarted: instance 2 of v1 runs in blue again (restart 1)',
    ]);
    expect(pids().filter((pid) => before.includes(pid))).toHaveLength(2);
    expect(pids()).toHaveLength(3);
  });

  it('makes the side degraded, and unhealthy only with fewer than enough', async () => {
    await look('blue');
    await look('blue');
    expect(viewOf('blue')?.instances).toMatchObject([1, 2, 3].map((instance) => ({ instance, healthy: true })));
    flow.environments.machine.sicken(place('blue', 3));
    for (let looks = 0; looks < 3; looks += 1) await look('blue');
    expect(conditionOf('blue')).toBe('degraded');
    expect(viewOf('blue')?.healthProblem).toContain('2 of 3 instances are healthy; instance 3: ');
    expect(viewOf('blue')?.instances?.map(({ healthy }) => healthy)).toEqual([true, true, false]);
    flow.environments.machine.sicken(place('blue', 2));
    for (let looks = 0; looks < 3; looks += 1) await look('blue');
    expect(conditionOf('blue')).toBe('unhealthy');
  });
});
