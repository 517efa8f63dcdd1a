// Whether this state knows what users get: asked before anything is stopped, started or routed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObservedNode, Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { intendRouting, type StoredRouting, setSlot } from '../../state/targets.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { holdsBack, judgeStanding, mayRestart, type Standing, standingOf, strangeSides } from './standing.ts';

const blue: Routing = { generation: 7, active: 'blue', canary: undefined, preview: undefined };
const green: Routing = { ...blue, active: 'green' };
const canary: Routing = { ...blue, canary: { slot: 'green', percent: 10 } };
const decided = (intent: Routing = blue, confirmed = true): StoredRouting => ({ intent, confirmed });
const node = (routing: Routing | undefined, more: Partial<ObservedNode> = {}): ObservedNode => ({
  node: 'n1',
  reachable: true,
  routing,
  ...more,
});
const dead = node(undefined, { reachable: false });

describe('what this state knows of the balancer', () => {
  it.each<[what: string, stored: StoredRouting, nodes: readonly ObservedNode[], token: number | undefined, is: string]>(
    [
      ['does what was decided', decided(), [node(blue)], 5, 'known: blue'],
      ['gives both sides a share', decided(canary), [node(canary)], 5, 'known: blue, green'],
      ['is asked by a verb, which has no token', decided(), [node(blue, { fence: 9 })], undefined, 'known: blue'],
      ['was changed under the same token', decided(), [node(blue, { fence: 5 })], 5, 'known: blue'],
      ['follows a later controller', decided(), [node(blue), node(blue, { fence: 6 })], 5, 'outranked'],
      ['is one generation ahead', decided(), [node({ ...blue, generation: 8 })], 5, 'older'],
      ['is ahead on one node of two', decided(), [node(blue), node({ ...green, generation: 8 })], 5, 'older'],
      ['was ahead before it died', decided(), [node({ ...green, generation: 8 }, { reachable: false })], 5, 'silent'],
      ['does not answer', decided(), [dead, dead], 5, 'silent'],
      ['has no node', decided(), [], 5, 'silent'],
      ['answers with one node of two', decided(), [dead, node(blue)], 5, 'known: blue'],
      ['sends users elsewhere', decided(), [node(green)], 5, 'drifted'],
      ['sends them elsewhere on one node', decided(), [node(blue), node(green)], 5, 'drifted'],
      ['lost its routing', decided(), [node({ ...blue, generation: 0, active: undefined })], 5, 'known: blue'],
      [
        'is still about to follow: both sides may have users',
        decided(green, false),
        [node(blue)],
        5,
        'known: blue, green',
      ],
      [
        'has decided nothing and sends users nowhere',
        decided({ ...blue, generation: 0, active: undefined }),
        [],
        5,
        'known: ',
      ],
      [
        'has decided nothing, and the balancer does',
        decided({ ...blue, generation: 0, active: undefined }),
        [node({ ...green, generation: 1 })],
        5,
        'older',
      ],
    ],
  )('when it %s', (_, stored, nodes, token, is) => {
    const standing = judgeStanding(stored, nodes, token);
    const served = standing.kind === 'known' ? `: ${[...standing.served].toSorted().join(', ')}` : '';
    expect(`${standing.kind}${served}`).toBe(is);
  });

  it.each<[Standing, SlotName, RegExp | undefined]>([
    [{ kind: 'known', served: new Set(['blue']) }, 'green', undefined],
    [{ kind: 'known', served: new Set(['blue']) }, 'blue', /sends users to blue/],
    [{ kind: 'silent', sentence: 'no answer' }, 'green', /no answer/],
    [{ kind: 'older', sentence: 'ahead' }, 'green', /ahead/],
  ])('holds back what may have users: %j, %s', (standing, slot, why) => {
    const said = holdsBack(standing, slot);
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(why);
  });
});

describe('on a state with two sides', () => {
  let flow: Flow;
  beforeEach(async () => {
    flow = await startFlow();
    for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
    await flow.live('v1');
    await flow.live('v2');
  });
  afterEach(() => flow.close());
  const asked = () => ({ core: flow.process().core, target: flow.process().target });
  const write = (change: Parameters<typeof setSlot>[3], slot: SlotName = 'blue'): void =>
    flow.process().core.store.write((tx) => {
      setSlot(tx, flow.process().target.key, slot, change);
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });

  it('a decision of another process while the nodes are asked is no drift: they are asked once more', async () => {
    const { target } = flow.process();
    const observe = target.balancer.observe;
    let looks = 0;
    const balancer = {
      ...target.balancer,
      observe: async () => {
        const nodes = await observe();
        looks += 1;
        if (looks === 1)
          flow.process().core.store.write((tx) => {
            const routing = intendRouting(tx, target.key, { active: 'blue', canary: undefined, preview: undefined });
            for (const each of flow.balancers.nodes) each.routing = routing;
            tx.audit({ actor: 'engine', action: 'resumed', sentence: 'decided by another process' });
          });
        return nodes;
      },
    };
    expect(await standingOf({ ...asked(), target: { ...target, balancer } })).toMatchObject({ kind: 'known' });
    expect(looks).toBe(2);
  });

  it('a crashed side is restarted as what provably ran there, and while the state may be older as nothing', () => {
    const drifted = { kind: 'drifted', sentence: '' } as const;
    expect(mayRestart({ kind: 'silent', sentence: '' }, asked(), 'blue')).toBe(true);
    expect(mayRestart({ kind: 'older', sentence: '' }, asked(), 'blue')).toBe(false);
    expect(mayRestart({ kind: 'outranked', sentence: '' }, asked(), 'blue')).toBe(false);
    expect(mayRestart(drifted, asked(), 'blue')).toBe(true);
    write({ version: 'v3' });
    expect(mayRestart(drifted, asked(), 'blue')).toBe(false);
    write({ version: 'v1', digest: 'f'.repeat(64) });
    expect(mayRestart(drifted, asked(), 'blue')).toBe(false);
  });

  it('sides that were started with another release than this state says are named', async () => {
    expect(strangeSides(asked())).toEqual([]);
    write({ version: 'v3' });
    expect(strangeSides(asked())).toEqual(['blue runs v1, this state says v3']);
    write({ role: 'idle', version: null, digest: null });
    expect(strangeSides(asked())).toEqual(['blue runs v1, this state says nothing']);
    await flow.environments.crash({ ...asked().target.key, slot: 'blue' });
    expect(strangeSides(asked())).toEqual([]);
  });
});
