// Sides with three instances that a state knows nothing of: learnt from those that answer, and adopted.

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { type FlowProcess, startProcess } from '../../testing/flow-process.ts';
import { discoverTarget } from './discover.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ instances: 3 });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

describe('an empty state where v2 serves from green', () => {
  let process: FlowProcess;
  beforeEach(async () => {
    await flow.live('v1');
    await flow.live('v2');
    const settings = { ...flow.settings, stateFolder: join(flow.settings.stateFolder, '..', 'state-2') };
    process = startProcess({ ...flow, settings }, 'after the loss');
  });
  afterEach(() => process.close());

  const green = (instance: number) => ({ ...shop, slot: 'green' as const, instance });
  const discover = async () => {
    const { core, target, lease } = process;
    const held = lease();
    const discovery = { core, target, store: core.store.under(held), fence: held.token, actor: 'engine' };
    return discoverTarget(discovery, await target.balancer.observe());
  };

  it('is learnt from an instance that answers where the first two do not', async () => {
    flow.environments.machine.sicken(green(1));
    await flow.environments.crash(green(2));
    expect(await discover()).toMatchObject({ kind: 'learnt' });
    expect(readSlot(process.core.store.db, shop, 'green')).toMatchObject({ role: 'active', version: 'v2' });
  });

  it('is not learnt where none of them answers well', async () => {
    for (const instance of [1, 2, 3]) flow.environments.machine.sicken(green(instance));
    const sentence = expect.stringContaining('users get green, and it does not answer as a healthy green');
    expect(await discover()).toMatchObject({ kind: 'unknown', sentence });
  });

  it('is not learnt where two of them are different releases', async () => {
    await flow.environments.crash(green(3));
    const ports = flow.process().target.settings.slots.green.ports ?? [];
    await run(3, { slot: 'green', port: ports[2] ?? 0, version: 'v1' });
    const sentence = expect.stringContaining('one of its instances says it is v2, another v1');
    expect(await discover()).toMatchObject({ kind: 'unknown', sentence });
  });
});

describe('instances that run already', () => {
  const runsInBlue = (instance: number, version: string) => {
    const ports = flow.process().target.settings.slots.blue.ports ?? [];
    return run(instance, { slot: 'blue', port: ports[instance - 1] ?? 0, version });
  };
  const take = () => flow.people.adopt({ slot: 'blue', version: 'v1', actor: alice });

  it('are not adopted where one of them is another release', async () => {
    await runsInBlue(1, 'v1');
    await runsInBlue(2, 'v2');
    expect(await take()).toMatchObject({ ok: false, refusal: { code: 'side-unhealthy' } });
    expect(flow.slots().blue).toBe('idle');
  });

  it('are adopted where the first one does not run', async () => {
    await runsInBlue(2, 'v1');
    await runsInBlue(3, 'v1');
    expect(await take()).toMatchObject({ ok: true });
    expect(flow.slots().blue).toBe('v1 active');
  });
});

async function run(
  instance: number,
  { slot, port, version }: { readonly slot: 'blue' | 'green'; readonly port: number; readonly version: string },
): Promise<void> {
  await flow.environments.machine.run({
    place: { ...shop, slot, instance, port },
    release: { version, digest: '' },
    startedAt: flow.clock.now(),
    settings: undefined,
  });
}
