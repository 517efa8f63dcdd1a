// The environment does not answer while slots go on serving, as when the Docker of their host is stopped: nothing is
// concluded from its silence. A side is judged by its own answers, is not started a second time, and retains its users.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { getSnapshot, slotKey } from '../../state/snapshots.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { guardLiveSide } from '../controller/guard/guard.ts';
import type { SlotSnapshot } from '../controller/side-health.ts';
import { superviseSlot } from '../controller/slot-health.ts';

let flow: Flow;
let began: number;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  began = flow.environments.story.length;
});
afterEach(() => flow.close());

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const conditionOf = (slot: SlotName) =>
  getSnapshot<SlotSnapshot>(flow.process().core.store.db, slotKey(place(slot), slot))?.value.state.condition;
const acts = () => flow.environments.story.slice(began);
const active = () => flow.balancers.nodes[0]?.routing.active;

/** Of the supervisor. */
async function rounds(count: number): Promise<void> {
  const { core, target, lease } = flow.process();
  const context = { core, target, lease: lease() };
  for (let at = 0; at < count; at += 1) {
    for (const slot of ['blue', 'green'] as const)
      await flow.passing(superviseSlot({ ...context, slot, signal: new AbortController().signal }));
    await flow.passing(guardLiveSide(context));
    flow.clock.advance(5_000);
  }
}

describe('the supervisor of slots whose environment does not answer', () => {
  it('reports no crash and starts nothing, for as long as it lasts and afterwards', async () => {
    await rounds(2);
    flow.environments.silence(true);
    const before = flow.lastSeq();
    await rounds(6);
    flow.environments.silence(false);
    await rounds(2);
    expect(flow.story(before)).toEqual([]);
    expect(acts()).toEqual([]);
    expect([conditionOf('blue'), conditionOf('green')]).toEqual(['healthy', 'healthy']);
  });

  it('goes on asking the sides themselves: from an ill one users go to the standby', async () => {
    await rounds(2);
    flow.environments.silence(true);
    flow.environments.machine.sicken(place('green'));
    const before = flow.lastSeq();
    await rounds(3);
    expect(conditionOf('green')).toBe('unhealthy');
    expect(flow.actions(before)).toContain('guard-acted');
    expect(acts()).toEqual([]);
  });

  it('pages a person where only a restart would help, once', async () => {
    await rounds(2);
    flow.environments.silence(true);
    for (const version of ['v1', 'v2']) flow.environments.machine.behave(version, { health: 'cut' });
    const before = flow.lastSeq();
    await rounds(6);
    expect(flow.story(before).filter((row) => row.startsWith('guard-'))).toEqual([
      expect.stringMatching(/^guard-paged: .*its environment does not answer, so it is not restarted/),
    ]);
    expect(acts()).toEqual([]);
  });
});

describe('a deployment whose environment stops answering', () => {
  it.each(['watch', 'bake'])('in the step %s goes on, since the new side itself answers', async (step) => {
    const id = flow.ask('v3');
    await flow.at(id, step);
    began = flow.environments.story.length;
    flow.environments.silence(true);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(active()).toBe('blue');
    expect(acts()).toEqual([]);
  });

  it('after the promotion takes users back to the old side, which it cannot see and does not start again', async () => {
    const id = flow.ask('v3');
    await flow.at(id, 'bake');
    began = flow.environments.story.length;
    flow.environments.silence(true);
    flow.people.abort({ id }, alice);
    await flow.finish(id);
    expect(active()).toBe('green');
    expect(acts()).toEqual([]);
  });

  it('before its side was started fails, and users stay where they are', async () => {
    flow.environments.silence(true);
    const id = flow.ask('v3');
    const { outcome } = await flow.finish(id);
    expect(outcome?.kind).not.toBe('promoted');
    expect(flow.story().join('\n')).toContain('the machine of the slots does not answer');
    expect(active()).toBe('green');
    expect(acts()).toEqual([]);
    flow.environments.silence(false);
    expect((await flow.finish(flow.ask('v3'))).outcome).toMatchObject({ kind: 'promoted' });
  });
});
