// What happens when the live side is ill and no deployment runs: users go to the standby, or the side is restarted.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../../domain/target.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import { bob, type Flow, startFlow } from '../../../testing/flow.ts';
import { superviseSlot } from '../slot-health.ts';
import { guardLiveSide } from './guard.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const live = () => liveDeployment(flow.process().core.store.db, flow.process().target.key);

/** A round of the supervisor. */
async function round(): Promise<void> {
  const { core, target, lease } = flow.process();
  const targetContext = { core, target, lease: lease() };
  for (const slot of ['blue', 'green'] as const)
    await flow.passing(superviseSlot({ ...targetContext, slot, signal: new AbortController().signal }));
  await flow.passing(guardLiveSide(targetContext));
  flow.clock.advance(5_000);
}

async function rounds(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await round();
}

describe('a live side that is ill', () => {
  it('for as long as the rule allows is given time', async () => {
    await rounds(3);
    flow.environments.machine.sicken(place('green'));
    await rounds(2);
    expect(live()).toBeUndefined();
  });

  it('gives its users to the warm standby, by a rollback of the engine', async () => {
    await rounds(3);
    flow.environments.machine.sicken(place('green'));
    await rounds(4);
    const begun = live();
    expect(begun).toMatchObject({ mode: 'rollback', version: 'v1', requestedBy: 'engine' });
    expect((await flow.finish(begun?.id ?? '')).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 standby (failed)' });
  });

  it('begins one rollback, however many rounds it stays ill', async () => {
    await rounds(3);
    flow.environments.machine.sicken(place('green'));
    await rounds(8);
    expect(
      flow.story().filter((row) => row.startsWith('deployment-requested: ') && row.includes('rollback')),
    ).toHaveLength(1);
  });

  it('calls a person where no standby can take its users, once, and leaves them where they are', async () => {
    await rounds(3);
    flow.environments.machine.behave('v1', { endsAtOnce: { exit: 'exit code 1', lines: ['no licence'] } });
    await flow.environments.crash(place('blue'));
    flow.environments.machine.sicken(place('green'));
    const [before, seq] = [flow.environments.story.length, flow.lastSeq()];
    await rounds(6);
    expect(live()).toBeUndefined();
    expect(flow.actions(seq).filter((action) => action.startsWith('guard-'))).toEqual(['guard-paged']);
    expect(flow.environments.story.slice(before).filter((row) => row.includes('v2'))).toEqual([]);
    expect(flow.balancers.nodes[0]?.routing.active).toBe('green');
  });

  it('while a person’s deployment is at work is left to that deployment', async () => {
    await rounds(3);
    const id = flow.ask('v3', { hold: true });
    await flow.at(id, 'hold');
    flow.environments.machine.sicken(place('green'));
    await rounds(6);
    expect(live()?.id).toBe(id);
    expect(flow.people.promote({ id }, bob)).toMatchObject({ ok: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
  });
});
