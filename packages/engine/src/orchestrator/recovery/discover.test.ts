// After a lost state: what runs is learnt from what answers, or nothing is. One doubt about a side that users get, and
// nothing counts as known, nothing is deployed, and nothing is changed.

import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { readRelease, readRouting, readSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { type FlowProcess, startProcess } from '../../testing/flow-process.ts';
import { repairRouting } from '../routing/repair.ts';
import { type Discovery, discoverAgain, discoverTarget } from './discover.ts';
import { readUnknownState } from './unknown-state.ts';

let flow: Flow;
const opened: FlowProcess[] = [];
beforeEach(async () => {
  flow = await startFlow({ nodes: 2 });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(async () => {
  for (const each of opened.splice(0)) each.close();
  await flow.close();
});

/** A process that finds an empty state where the old one was. */
function onLostState(name = 'state-2'): FlowProcess {
  const settings = { ...flow.settings, stateFolder: join(flow.settings.stateFolder, '..', name) };
  const process = startProcess({ ...flow, settings }, 'after the loss');
  opened.push(process);
  return process;
}

const discoveryOf = ({ core, target, lease }: FlowProcess): Discovery => {
  const held = lease();
  return { core, target, store: core.store.under(held), fence: held.token, actor: 'engine' };
};
const discover = async (process: FlowProcess) =>
  discoverTarget(discoveryOf(process), await process.target.balancer.observe());
const slot = ({ core }: FlowProcess, name: SlotName) => {
  const { role, version, label } = readSlot(core.store.db, shop, name);
  return [role, version, label].filter((part) => part !== null).join(' ');
};
const story = ({ engine }: FlowProcess) => engine.audit.after(0, 100).map(({ action }) => action);
const routed = () => flow.balancers.nodes.map(({ routing: { generation: _, ...users } }) => users);
const file = (version: string) => join(flow.settings.targets[0]?.releasesFolder ?? '', version, 'server.mjs');
const v2 = { active: 'green', canary: undefined, preview: undefined };

describe('a state that is empty while users are served', () => {
  it('is learnt whole, without a change for users, and deployments go on from it', async () => {
    const process = onLostState();
    const [started, changed] = [flow.environments.story.length, flow.balancers.story.length];
    const before = flow.balancers.nodes[0]?.routing.generation ?? 0;
    expect(await discover(process)).toMatchObject({
      kind: 'learnt',
      sentence: expect.stringMatching(
        /^the state was lost; .*; blue is v1, kept; whether it was good is not known; green is v2\. Nothing was changed$/,
      ),
    });
    expect([slot(process, 'blue'), slot(process, 'green')]).toEqual(['standby v1 kept', 'active v2']);
    const { intent, confirmed } = readRouting(process.core.store.db, shop);
    expect([intent, confirmed]).toEqual([{ ...v2, generation: before + 1 }, true]);
    expect(flow.balancers.nodes.map(({ routing }) => routing.generation)).toEqual([before + 1, before + 1]);
    expect(readRelease(process.core.store.db, 'shop', 'v2')?.digest).toHaveLength(64);
    expect(story(process)).toEqual(['state-learnt', 'routing-applied']);
    expect(await discover(process)).toMatchObject({ kind: 'nothing', sentence: 'its state is known' });
    expect([flow.environments.story.length, flow.balancers.story.length]).toEqual([started, changed]);
    expect(process.engine.deploy({ version: 'v3', actor: alice })).toMatchObject({ ok: true });
  });

  it('is learnt by two processes at once only once', async () => {
    const process = onLostState();
    const kinds = (await Promise.all([discover(process), discover(process)])).map(({ kind }) => kind);
    expect(kinds).toEqual(['learnt', 'nothing']);
  });

  it('of a process that dies before the balancer has the new generation is repaired by the next', async () => {
    const process = onLostState();
    process.life.dieAt(1, 'after');
    await expect(discover(process)).rejects.toMatchObject({ code: 'fenced-out' });
    expect(readRouting(process.core.store.db, shop).confirmed).toBe(false);
    flow.clock.advance(60_000);
    const next = onLostState();
    expect((await discover(next)).kind).toBe('nothing');
    const { core, target, lease } = next;
    await repairRouting(
      { core, target, lease: lease() },
      readRouting(core.store.db, shop).intent,
      await target.balancer.observe(),
    );
    expect(readRouting(core.store.db, shop).confirmed).toBe(true);
    expect(routed()).toEqual([v2, v2]);
  });

  it('of an instance that no record names is adopted as what it says it is', async () => {
    const { machine } = flow.environments;
    const blue = machine.instances.get('shop/production/blue');
    await flow.process().target.environment.stop({ ...shop, slot: 'blue', port: blue?.place.port ?? 0 }, 0);
    if (blue) await machine.run({ ...blue, startedAt: flow.clock.now(), settings: undefined });
    const process = onLostState();
    expect((await discover(process)).kind).toBe('learnt');
    expect(slot(process, 'blue')).toBe('standby v1 kept');
    expect(await process.target.environment.inspect({ ...shop, slot: 'blue', port: 0 })).toMatchObject({
      kind: 'running',
      adopted: true,
      version: 'v1',
    });
  });

  it.each<[string, change: () => unknown, blue: string, why: RegExp]>([
    [
      'does not run',
      () => flow.environments.crash({ ...shop, slot: 'blue' }),
      'idle',
      /blue is taken for empty: it does not answer as a healthy blue/,
    ],
    [
      'has other files',
      () => writeFileSync(file('v1'), 'changed'),
      'idle',
      /blue is taken for empty: the files of v1 are not the ones/,
    ],
  ])('is learnt though a side without users %s', async (_, change, blue, why) => {
    await change();
    const process = onLostState();
    expect(await discover(process)).toMatchObject({ kind: 'learnt', sentence: expect.stringMatching(why) });
    expect([slot(process, 'blue'), slot(process, 'green')]).toEqual([blue, 'active v2']);
  });

  it('during a canary takes the new side for one whose deployment is lost, and no users from it', async () => {
    await flow.at(flow.ask('v3'), 'watch');
    const process = onLostState();
    expect((await discover(process)).sentence).toContain('blue is v3, whose deployment is lost');
    expect([slot(process, 'blue'), slot(process, 'green')]).toEqual(['preview v3 kept', 'active v2']);
    expect(routed()[0]).toMatchObject({ canary: { slot: 'blue', percent: 10 } });
  });
});

describe('a state that cannot be learnt', () => {
  const crash = (side: SlotName) => flow.environments.crash({ ...shop, slot: side });
  it.each<[string, change: () => unknown, why: RegExp, mend: (() => unknown) | undefined]>([
    [
      'the active side has ended',
      () => crash('green'),
      /^users get green, and it does not answer as a healthy green/,
      undefined,
    ],
    [
      'the active side is ill',
      () => flow.environments.machine.behave('v2', { health: 'unhealthy' }),
      /it does not answer as a healthy green: .*503/,
      () => flow.environments.machine.behave('v2', {}),
    ],
    [
      'its files are gone',
      () => rmSync(join(file('v2'), '..'), { recursive: true }),
      /it says it is v2, which is not in the releases folder$/,
      () => flow.layRelease('v2'),
    ],
    [
      'its files have changed',
      () => writeFileSync(file('v2'), 'changed'),
      /the files of v2 are not the ones that it was started from$/,
      () => flow.layRelease('v2'),
    ],
    [
      'a node is silent',
      () => flow.balancers.kill(1),
      /^what .* does is not known$/,
      () => flow.process().target.balancer.ensure(),
    ],
    [
      'the nodes disagree',
      () => Object.assign(flow.balancers.nodes[1] ?? {}, { routing: { ...v2, active: 'blue', generation: 99 } }),
      /^the nodes disagree: .*users go to green; .*users go to blue$/,
      () => flow.balancers.change(v2 as never),
    ],
  ])('because %s is left as it is, and says why once', async (_, change, why, mend) => {
    await change();
    const [started, before] = [
      flow.environments.story.length,
      JSON.stringify(flow.balancers.nodes.map(({ routing }) => routing)),
    ];
    const process = onLostState();
    for (let times = 0; times < 2; times += 1) expect((await discover(process)).kind).toBe('unknown');
    expect(readUnknownState(process.core, shop)).toMatch(why);
    expect(story(process)).toEqual(['state-not-learnt']);
    expect([slot(process, 'blue'), slot(process, 'green')]).toEqual(['idle', 'idle']);
    expect(readRouting(process.core.store.db, shop).intent.generation).toBe(0);
    expect([
      flow.environments.story.length,
      JSON.stringify(flow.balancers.nodes.map(({ routing }) => routing)),
    ]).toEqual([started, before]);
    expect(process.engine.deploy({ version: 'v3', actor: alice })).toMatchObject({
      ok: false,
      refusal: { code: 'state-unknown' },
    });
    if (!mend) return;
    await mend();
    expect((await discover(process)).kind).toBe('learnt');
    expect(readUnknownState(process.core, shop)).toBeUndefined();
  });

  it('because the new side of a canary has ended is left as it is', async () => {
    await flow.killWhen(flow.ask('v3'), ({ phase }) => phase === 'watch');
    await crash('blue');
    expect((await discover(onLostState())).sentence).toContain('users get blue, and it does not answer');
  });

  it('says another reason when there is another', async () => {
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    const process = onLostState();
    await discover(process);
    await flow.balancers.kill(1);
    await discover(process);
    expect(story(process)).toEqual(['state-not-learnt', 'state-not-learnt']);
    expect(readUnknownState(process.core, shop)).toMatch(/is not known$/);
  });
});

describe('a balancer that sends users nowhere', () => {
  it.each<[string, change: () => unknown, sentence: RegExp]>([
    [
      'has nothing to learn from',
      () => flow.balancers.change({ generation: 0, active: undefined }),
      /^the load balancer sends users nowhere$/,
    ],
    ['and does not answer has nothing to learn from yet', () => flow.balancers.kill(), /does not answer$/],
  ])('%s', async (_, change, sentence) => {
    await change();
    const process = onLostState();
    expect(await discover(process)).toMatchObject({ kind: 'nothing', sentence: expect.stringMatching(sentence) });
    expect(story(process)).toEqual([]);
  });
});

describe('a state that is older than what is there', () => {
  /** Of a copy from when v1 was live: what is there overrides it. */
  const again = async (process: FlowProcess) => {
    const [node] = await process.target.balancer.observe();
    if (!node?.routing) throw new Error('the node has no routing');
    return discoverAgain(discoveryOf(process), node.routing);
  };

  it('is replaced side by side by what runs, and says that a person asked', async () => {
    const process = flow.process();
    flow.balancers.change({ active: 'blue' });
    expect(await again(process)).toMatchObject({
      kind: 'learnt',
      sentence: expect.stringMatching(/^the state was older than reality; /),
    });
    expect([slot(process, 'blue'), slot(process, 'green')]).toEqual(['active v1', 'standby v2 kept']);
    expect(flow.actions().slice(-3)).toEqual(['state-relearn-asked', 'state-learnt', 'routing-applied']);
  });

  it.each<[string, change: () => unknown, green: string]>([
    [
      'runs is never stopped unasked',
      () => flow.environments.machine.behave('v2', { health: 'unhealthy' }),
      'preview v2 kept',
    ],
    ['has ended leaves the slot empty', () => flow.environments.crash({ ...shop, slot: 'green' }), 'idle'],
  ])('a side that is not known and %s', async (_, change, green) => {
    flow.balancers.change({ active: 'blue' });
    await change();
    await again(flow.process());
    expect([slot(flow.process(), 'blue'), slot(flow.process(), 'green')]).toEqual(['active v1', green]);
  });

  it('stays while the side that users get is in doubt', async () => {
    const before = flow.lastSeq();
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    expect(await again(flow.process())).toMatch(/^users get green, and it does not answer/);
    expect([flow.lastSeq(), slot(flow.process(), 'green')]).toEqual([before, 'active v2']);
  });
});
