// Taking over what runs already: before the first deployment, and after a state was lost. No user notices either.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { unknownStateKey } from '../../state/snapshots.ts';
import { intendRouting, readRouting, readSlot } from '../../state/targets.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { startProcess } from '../../testing/flow-process.ts';
import type { Core } from '../core.ts';
import { repairRouting } from '../routing/repair.ts';
import { adopt } from './adopt.ts';
import { rebuildState } from './rebuild.ts';
import { refusalOf } from './testing/refusals.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
});
afterEach(() => flow.close());

const key = () => flow.process().target.key;
const stored = () => readRouting(flow.process().core.store.db, key());
const take = (slot: SlotName = 'blue', version = 'v1') => flow.people.adopt({ slot, version, actor: alice });
const refused = (act: Parameters<typeof refusalOf>[1], code: string) =>
  refusalOf({ store: flow.process().core.store, audit: flow.people.audit }, act, code);

/** A service that the engine did not start, in the place of the slot. */
async function runsByHand(version = 'v1', slot: SlotName = 'blue'): Promise<void> {
  const port = flow.process().target.settings.slots[slot].port;
  await flow.environments.machine.run({
    place: { ...key(), slot, port },
    release: { version, digest: '' },
    startedAt: flow.clock.now(),
    settings: undefined,
  });
}

describe('a service that runs already', () => {
  it('goes on running, becomes active, and users get it through the balancer', async () => {
    await runsByHand();
    const began = flow.lastSeq();
    expect(await take()).toMatchObject({ ok: true, value: { routing: { active: 'blue' } } });
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'idle' });
    expect(stored()).toMatchObject({
      intent: { active: 'blue', canary: undefined, preview: undefined },
      confirmed: true,
    });
    expect(flow.actions(began)).toEqual(['registered', 'adopted', 'routing-applied']);
    expect([flow.environments.story, flow.balancers.story]).toEqual([[], ['blue']]);
    expect((await flow.finish(flow.ask('v2'))).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
  });

  it('is taken under a generation beyond that of a balancer that remembers an earlier state', async () => {
    await runsByHand();
    flow.balancers.change({ generation: 41, active: 'green' });
    expect((await take()).ok).toBe(true);
    expect(stored().intent.generation).toBeGreaterThan(41);
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'blue' });
  });

  it.each<[what: string, given: () => unknown, version: string, code: string, says: RegExp]>([
    ['nothing runs there', () => undefined, 'v1', 'side-unhealthy', /is not a healthy v1 in blue/],
    ['another version runs there', () => runsByHand('v2'), 'v1', 'side-unhealthy', /v2/],
    [
      'it is not healthy',
      () => {
        flow.environments.machine.behave('v1', { health: 'unhealthy' });
        return runsByHand();
      },
      'v1',
      'side-unhealthy',
      /503|unhealthy/,
    ],
    ['there is no such release', () => runsByHand('v9'), 'v9', 'release-unknown', /v9/],
    ['its files have gone', () => rmSync(join(releases(), 'v1'), { recursive: true }), 'v1', 'release-unknown', /v1/],
  ])('is not taken over when %s, and nothing changes', async (_, given, version, code, says) => {
    await given();
    if (code === 'side-unhealthy') await registered(version);
    const { sentence } = await refused(() => take('blue', version), code);
    expect(sentence).toMatch(says);
    expect([stored().intent.generation, flow.balancers.story]).toEqual([0, []]);
  });

  it('is not taken over beside an active side, nor while a deployment is at work', async () => {
    await flow.live('v1');
    const { sentence } = await refused(() => take('green', 'v2'), 'not-allowed-now');
    expect(sentence).toBe('shop already has an active side: v1 in blue');
    flow.ask('v2');
    await refused(() => take('green', 'v2'), 'target-busy');
  });

  it('is not taken over from files that are not the registered ones', async () => {
    await registered('v1');
    await runsByHand();
    writeFileSync(join(releases(), 'v1', 'server.mjs'), 'other');
    expect((await refused(() => take(), 'release-unknown')).sentence).toContain('not the ones that were registered');
  });

  it('is not taken over in an environment that cannot, which says so', async () => {
    const { core } = flow.process();
    const targets = core.targets.map((target) => ({
      ...target,
      environment: { ...target.environment, adoption: undefined },
    }));
    const act = () => adopt({ ...core, targets }, { slot: 'blue', version: 'v1', actor: alice });
    expect((await refused(act, 'not-supported')).sentence).toContain('adoption');
  });

  it('whose routing the balancer refuses is active as intended, and is followed up when it can be', async () => {
    await runsByHand();
    flow.balancers.refuse(new BlueGreenError('balancer-refused', 'no'));
    await expect(take()).rejects.toThrow('no');
    expect(stored()).toMatchObject({ intent: { active: 'blue' }, confirmed: false });
    flow.balancers.refuse();
    const { core, target, lease } = flow.process();
    await repairRouting({ core, target, lease: lease() }, stored().intent, await target.balancer.observe());
    expect([stored().confirmed, flow.balancers.nodes[0]?.routing.active]).toEqual([true, 'blue']);
  });

  it('by two people at once is taken over once, also where each names another side', async () => {
    await runsByHand();
    await registered('v2');
    await runsByHand('v2', 'green');
    const answers = await Promise.all([take(), take('green', 'v2'), take()]);
    const { active } = stored().intent;
    // Two people who mean the same side both get it; another side is refused.
    const outcomes = answers.map((answer) => (answer.ok ? 'adopted' : answer.refusal.code));
    const refusal = 'not-allowed-now';
    expect(outcomes).toEqual(active === 'green' ? [refusal, 'adopted', refusal] : ['adopted', refusal, 'adopted']);
    const { environment } = flow.process().target;
    const taken = (['blue', 'green'] as const).filter((slot) => environment.startedAs({ ...key(), slot }));
    expect([taken, stored().confirmed]).toEqual([[active], true]);
    expect(flow.actions().filter((action) => action === 'adopted')).toHaveLength(1);
  });

  it('is not taken over when a deployment was asked for in another process while it was asked for its health', async () => {
    await runsByHand();
    const { core, target } = flow.process();
    const { adoption } = target.environment;
    if (!adoption) throw new Error('the fake environment can adopt');
    const asking: typeof adoption = {
      ...adoption,
      adopt: async (...args) => {
        flow.ask('v2');
        return adoption.adopt(...args);
      },
    };
    const environment = { ...target.environment, adoption: asking };
    const targets = [{ ...target, environment }];
    const answer = await adopt({ ...core, targets }, { slot: 'blue', version: 'v1', actor: alice });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'target-busy' } });
    expect([flow.slots().blue, stored().intent.generation]).toEqual(['idle', 0]);
  });
});

const releases = () => flow.process().target.settings.releasesFolder;

/** So that a refusal later on changes nothing, not even that the release is known. */
async function registered(version: string): Promise<void> {
  const started = await flow.passing(flow.people.slots.start({ slot: 'green', version, actor: alice }));
  if (!started.ok) throw new Error(started.refusal.sentence);
  await flow.people.slots.stop({ slot: 'green', actor: alice });
}

describe('a state that was lost', () => {
  /** The state of another file: it knows nothing of what runs. */
  async function lost(): Promise<Core> {
    await flow.live('v1');
    await flow.live('v2');
    const folder = `${flow.settings.stateFolder}-new`;
    const fresh = startProcess({ ...flow, settings: { ...flow.settings, stateFolder: folder } }, 'fresh');
    closing.push(() => fresh.close());
    return fresh.core;
  }
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  const rowsOf = ({ store }: Core) =>
    (['blue', 'green'] as const).map((slot) => {
      const { role, version, label } = readSlot(store.db, key(), slot);
      return [role, version, label];
    });

  it('is learnt from the balancer and the services when a person asks, and moves no user', async () => {
    const core = await lost();
    const before = flow.balancers.nodes.map(({ routing }) => routing);
    const learnt = await rebuildState(core, alice);
    expect(learnt).toMatchObject({ ok: true, value: [{ name: 'shop', kind: 'learnt' }] });
    expect(rowsOf(core)).toEqual([
      ['standby', 'v1', 'kept'],
      ['active', 'v2', null],
    ]);
    expect(readRouting(core.store.db, key())).toMatchObject({ intent: { active: 'green' }, confirmed: true });
    expect(flow.balancers.nodes.map(({ routing }) => routing.active)).toEqual(before.map(({ active }) => active));
    expect(await rebuildState(core, alice)).toMatchObject({
      value: [{ kind: 'nothing', sentence: 'its state is known' }],
    });
  });

  it('is not guessed: a doubt about the side that users get leaves it unknown until a person says what is so', async () => {
    const core = await lost();
    await flow.environments.crash({ ...key(), slot: 'green' });
    expect(await rebuildState(core, alice)).toMatchObject({ ok: true, value: [{ kind: 'unknown' }] });
    expect(rowsOf(core).map(([role]) => role)).toEqual(['idle', 'idle']);
    const why = core.store.db.$client.prepare('SELECT value FROM snapshots WHERE key = ?').pluck();
    expect(String(why.get(unknownStateKey(key())))).toContain('users get green');
  });

  it('of a target that was decided about meanwhile is left alone', async () => {
    const core = await lost();
    core.store.write((tx) => {
      intendRouting(tx, key(), { active: 'blue', canary: undefined, preview: undefined });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'decided meanwhile' });
    });
    expect(await rebuildState(core, alice)).toMatchObject({ value: [{ kind: 'nothing' }] });
  });

  it('with a balancer that does not answer learns nothing, and says which node is silent', async () => {
    const core = await lost();
    flow.balancers.bury(0);
    await flow.balancers.kill();
    const answer = await rebuildState(core, alice);
    expect(answer.ok && answer.value[0]).toMatchObject({ kind: 'nothing' });
    expect(answer.ok && answer.value[0]?.sentence).toContain(flow.balancers.nodes[0]?.name);
  });
});
