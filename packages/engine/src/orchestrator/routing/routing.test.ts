// A change of what users get: intent, balancer, proof. Whatever happens in between, the three agree again afterwards.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Routing } from '../../domain/routing.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { tokenOf } from '../../state/leases.ts';
import { confirmRouting, intendRouting, readRouting, setSlot } from '../../state/targets.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { repairRouting } from './repair.ts';
import { changeRouting, fenceOfVerb, type RoutingChange, routingIs } from './routing.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ nodes: 2 });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

const onto = (active: 'blue' | 'green'): Omit<Routing, 'generation'> => ({
  active,
  canary: undefined,
  preview: undefined,
});
const context = () => {
  const { core, target, lease } = flow.process();
  return { core, target, lease: lease() };
};
const change = (more: Partial<RoutingChange> = {}) =>
  changeRouting(context(), {
    desired: onto('blue'),
    event: { actor: 'engine', sentence: 'everybody to v1' },
    confirmed: (tx) => setSlot(tx, flow.process().target.key, 'blue', { label: 'kept' }),
    ...more,
  });
const stored = () => readRouting(flow.process().core.store.db, flow.process().target.key);
const onNodes = () => flow.balancers.nodes.map(({ routing }) => routing.active);
const isConfirmed = () => flow.slots().blue.includes('kept');
/** A round of the supervisor. */
const look = async () => repairRouting(context(), stored().intent, await flow.process().target.balancer.observe());

describe('a change of the routing', () => {
  it('is two audit rows, and what follows from it is written with the proof', async () => {
    const [began, { generation }] = [flow.lastSeq(), stored().intent];
    expect(await change()).toEqual([]);
    expect(flow.actions(began)).toEqual(['routing-intended', 'routing-applied']);
    expect(stored()).toEqual({ intent: { ...onto('blue'), generation: generation + 1 }, confirmed: true });
    expect([onNodes(), isConfirmed()]).toEqual([['blue', 'blue'], true]);
    expect(routingIs(context(), onto('blue'))).toBe(true);
    expect(routingIs(context(), onto('green'))).toBe(false);
    expect(routingIs(context(), { ...onto('blue'), canary: { slot: 'green', percent: 10 } })).toBe(false);
  });

  it.each<[moment: string, write: number, when: 'before' | 'after', intent: string, users: string]>([
    ['before its intent', 1, 'before', 'green', 'green'],
    ['after its intent', 1, 'after', 'blue', 'green'],
    ['before its proof', 2, 'before', 'blue', 'blue'],
    ['after its proof', 2, 'after', 'blue', 'blue'],
  ])('that is killed %s is finished by the next controller, or never was', async (_, write, when, intent, users) => {
    flow.process().lease();
    flow.process().life.dieAt(write, when);
    await expect(change()).rejects.toThrow('killed');
    flow.restart();
    expect([stored().intent.active, onNodes()]).toEqual([intent, [users, users]]);
    await look();
    await look();
    expect([stored().confirmed, onNodes()]).toEqual([true, [intent, intent]]);
    expect(flow.people.audit.verify()).toMatchObject({ intact: true });
  });

  it('that the balancer refuses stays an intent that is not confirmed, until the balancer takes it', async () => {
    flow.balancers.refuse(new BlueGreenError('balancer-refused', 'no'));
    await expect(change()).rejects.toThrow('no');
    await expect(look()).rejects.toThrow('no');
    expect([stored().confirmed, isConfirmed(), onNodes()]).toEqual([false, false, ['green', 'green']]);
    expect(routingIs(context(), onto('blue'))).toBe(false);
    flow.balancers.refuse();
    await look();
    expect([stored().confirmed, onNodes()]).toEqual([true, ['blue', 'blue']]);
    expect(flow.slots()).toMatchObject({ blue: 'v1 active', green: 'v2 standby' });
  });

  it('forward waits for every node; back names those that it did not wait for', async () => {
    await flow.balancers.kill(1);
    await expect(change()).rejects.toMatchObject({ code: 'balancer-unreachable' });
    expect(stored().confirmed).toBe(false);
    const silent = await change({ direction: 'back' });
    expect(silent).toMatchObject([{ node: flow.balancers.nodes[1]?.name }]);
    expect([stored().confirmed, flow.story().at(-1)]).toEqual([true, expect.stringContaining('without ')]);
  });

  it('that was meant for an earlier decision does nothing', async () => {
    const began = flow.lastSeq();
    expect(await change({ onlyFrom: stored().intent.generation - 1 })).toEqual([]);
    expect([flow.actions(began), onNodes(), isConfirmed()]).toEqual([[], ['green', 'green'], false]);
  });

  it.each<[what: string, given: () => void, code: string, isUndoDone: boolean]>([
    ['sends users elsewhere', () => rewrite({ active: 'blue' }), 'drifted', true],
    ['is ahead of this state', () => flow.balancers.change({}), 'state-older', false],
    ['follows a later controller', () => outrank(), 'state-older', false],
  ])('is not built upon a balancer that %s', async (_, given, code, isUndoDone) => {
    given();
    const [began, before] = [flow.lastSeq(), stored()];
    await expect(change({ desired: onto('green') })).rejects.toMatchObject({ code });
    expect([flow.actions(began), stored()]).toEqual([[], before]);
    const undo = change({ desired: onto('green'), isUndo: true });
    if (isUndoDone) await expect(undo).resolves.toEqual([]);
    else await expect(undo).rejects.toMatchObject({ code });
  });

  it('of two at once comes after the other, and the last one holds', async () => {
    await Promise.all([change(), change({ desired: onto('green') }), change(), change({ desired: onto('green') })]);
    expect([stored().intent.active, stored().confirmed, onNodes()]).toEqual(['green', true, ['green', 'green']]);
  });

  it('is not made by a controller that lost its lease', async () => {
    const before = context();
    flow.restart();
    flow.process().lease();
    const began = flow.lastSeq();
    const late = { desired: onto('blue'), event: { actor: 'engine', sentence: 'too late' } } as const;
    await expect(changeRouting(before, late)).rejects.toMatchObject({ code: 'fenced-out' });
    expect([flow.actions(began), onNodes()]).toEqual([[], ['green', 'green']]);
  });
});

/** Past the engine, under the same generation. */
function rewrite(routing: Partial<Routing>): void {
  for (const each of flow.balancers.nodes) each.routing = { ...each.routing, ...routing };
}

function outrank(): void {
  for (const each of flow.balancers.nodes) each.fence = context().lease.token + 1;
}

describe('the fencing token of a verb', () => {
  it('is that of the live controller, and without one at least the last and the time', () => {
    const { core, lease } = flow.process();
    const { token } = lease();
    expect(fenceOfVerb(core)).toBe(token);
    flow.clock.advance(3_600_000);
    expect(fenceOfVerb(core)).toBe(tokenOf(flow.clock.now()));
    flow.clock.jump(-7 * 24 * 3_600_000);
    expect(fenceOfVerb(core)).toBe(token);
  });
});

describe('a repair that comes too late', () => {
  it('takes what another process decided and did since for no drift', async () => {
    const { target, core } = flow.process();
    const { intent } = stored();
    core.store.write((tx) => {
      const next = intendRouting(tx, target.key, onto('blue'));
      confirmRouting(tx, target.key, next.generation);
      for (const each of flow.balancers.nodes) each.routing = next;
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'decided meanwhile' });
    });
    const began = flow.lastSeq();
    await repairRouting(context(), intent, await target.balancer.observe());
    expect([flow.actions(began), onNodes()]).toEqual([[], ['blue', 'blue']]);
  });

  it('does not follow up for a deployment, which proves its own change', async () => {
    const { target, core } = flow.process();
    flow.ask('v3', { hold: true });
    core.store.write((tx) => {
      intendRouting(tx, target.key, onto('blue'));
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'the step of a deployment' });
    });
    await look();
    expect([stored().confirmed, onNodes()]).toEqual([false, ['green', 'green']]);
  });
});
