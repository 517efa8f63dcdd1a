// What the nodes say of themselves, put into words for people, and reported once for each change of it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObservedNode, Routing } from '../../domain/routing.ts';
import { readRouting } from '../../state/targets.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import { commonRouting, describeRouting, noteDrift, readDrift, sameRouting, wasTakenBack } from './drift.ts';
import { noteRestarts, reconnect } from './reconnect.ts';
import { repairRouting } from './repair.ts';

const blue: Routing = { generation: 7, active: 'blue', canary: undefined, preview: undefined };
const canary: Routing = { ...blue, canary: { slot: 'green', percent: 10 }, preview: 'green' };
const node = (name: string, routing: Routing | undefined): ObservedNode => ({ node: name, reachable: true, routing });

describe('a routing', () => {
  it.each<[Partial<Routing>, boolean]>([
    [{}, true],
    [{ generation: 99 }, true],
    [{ active: 'green' }, false],
    [{ active: undefined }, false],
    [{ preview: undefined }, false],
    [{ canary: undefined }, false],
    [{ canary: { slot: 'green', percent: 11 } }, false],
    [{ canary: { slot: 'blue', percent: 10 } }, false],
  ])('with %j is the same for users: %s', (change, same) => {
    expect(sameRouting(canary, { ...canary, ...change })).toBe(same);
  });

  it.each<[Routing, string]>([
    [blue, 'users go to blue'],
    [canary, 'users go to blue, 10 % of them to green, testers to green'],
    [{ ...blue, active: undefined }, 'users go nowhere (503)'],
  ])('%j reads: %s', (routing, sentence) => {
    expect(describeRouting(routing)).toBe(sentence);
  });

  it.each<[string, readonly ObservedNode[], unknown]>([
    ['all nodes do alike', [node('a', blue), node('b', { ...blue, generation: 9 })], { ...blue, generation: 9 }],
    ['of no node', [], 'what the load balancer does is not known'],
    ['of a node that cannot be read', [node('a', blue), node('b', undefined)], 'what b does is not known'],
    [
      'of nodes that disagree',
      [node('a', blue), node('b', canary)],
      'the nodes disagree: a: users go to blue; b: users go to blue, 10 % of them to green, testers to green',
    ],
    ['that sends users nowhere', [node('a', { ...blue, active: undefined })], 'users are sent nowhere'],
  ])('%s is common, or a reason why not', (_, nodes, common) => {
    expect(commonRouting(nodes)).toEqual(common);
  });
});

describe('drift', () => {
  let flow: Flow;
  beforeEach(async () => {
    flow = await startFlow({ nodes: 2 });
    for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
    await flow.live('v1');
    await flow.live('v2');
  });
  afterEach(() => flow.close());

  const context = () => {
    const { core, target, lease } = flow.process();
    return { core, target, lease: lease() };
  };
  const observe = () => flow.process().target.balancer.observe();
  const stored = () => readRouting(flow.process().core.store.db, flow.process().target.key);
  const drift = () => readDrift(flow.process().core, flow.process().target.key);
  const look = async () => repairRouting(context(), stored().intent, await observe());
  const rewrite = (at: number, routing: Partial<Routing>): void => {
    const each = flow.balancers.nodes[at];
    if (each) each.routing = { ...each.routing, ...routing };
  };

  it('that changes is reported once more, with what it was before; the same is not', async () => {
    rewrite(0, { active: 'blue' });
    await look();
    const first = drift();
    await look();
    flow.clock.advance(1_000);
    rewrite(1, { active: 'blue' });
    const began = flow.lastSeq();
    await look();
    await look();
    expect(flow.actions(began)).toEqual(['drift-found']);
    const [row] = flow.people.audit.after(began, 1);
    expect(row?.detail).toMatchObject({ before: first?.id, drift: drift()?.id });
    expect(drift()?.id).not.toBe(first?.id);
  });

  it('of a silent node blocks nothing and names it once, whatever its reason is this time', async () => {
    await flow.balancers.kill(1);
    const began = flow.lastSeq();
    const nodes = await observe();
    noteDrift(context(), stored().intent, nodes);
    noteDrift(
      context(),
      stored().intent,
      nodes.map((each) => ({ ...each, problem: `pid ${Math.random()}` })),
    );
    expect(flow.actions(began)).toEqual(['drift-found']);
    expect(drift()).toMatchObject({ blocks: false, sentence: expect.stringContaining('it does not answer') });
    expect(flow.people.deploy({ version: 'v3', actor: { kind: 'person', id: 'alice', door: 'cli' } }).ok).toBe(true);
  });

  it('of a node whose routing cannot be read names the reason', () => {
    const nodes = [node('a', stored().intent), { node: 'b', reachable: true, routing: undefined, problem: 'no table' }];
    noteDrift(context(), stored().intent, nodes);
    expect(drift()?.nodes).toMatchObject([
      { node: 'a', differs: false },
      { node: 'b', differs: true, does: 'its routing cannot be read (no table)' },
    ]);
  });

  it('that was taken back by hand under a later generation counts as over, and the next change goes beyond it', async () => {
    const { intent } = stored();
    flow.balancers.change({ active: 'blue' });
    await look();
    expect(drift()?.blocks).toBe(true);
    flow.balancers.change({ active: 'green' });
    expect(wasTakenBack(flow.process().core, context().target.key, intent, await observe())).toBe(true);
    const began = flow.lastSeq();
    await look();
    expect([flow.actions(began), drift()]).toEqual([['drift-resolved'], undefined]);
    expect(stored().intent.generation).toBe(intent.generation + 2);
    await look();
    expect(flow.actions(began)).toEqual(['drift-resolved']);
  });

  it('of a state that is older than the balancer is never taken for taken back', async () => {
    flow.balancers.change({});
    const began = flow.lastSeq();
    await look();
    expect(flow.people.audit.after(began, 1)).toMatchObject([{ action: 'drift-found', code: 'state-older' }]);
    expect(drift()).toMatchObject({ blocks: true, sentence: expect.stringContaining('older than reality') });
    await look();
    expect(drift()?.blocks).toBe(true);
  });

  it('cannot be written by a controller that lost its lease', async () => {
    const before = context();
    flow.restart();
    flow.process().lease();
    rewrite(0, { active: 'blue' });
    await expect(repairRouting(before, stored().intent, await observe())).rejects.toMatchObject({ code: 'fenced-out' });
    expect(drift()).toBeUndefined();
  });

  describe('of a balancer that was gone', () => {
    it('and answers again is one row with its nodes', async () => {
      await flow.balancers.kill();
      const [gone, began] = [await observe(), flow.lastSeq()];
      const now = await reconnect(context(), gone);
      expect(now.every(({ reachable }) => reachable)).toBe(true);
      expect(flow.story(began)).toEqual([
        `balancer-restarted: the load balancer at ${flow.balancers.nodes.map(({ name }) => name).join(', ')} was gone and answers again`,
      ]);
    });

    it('and stays gone is tried again, and reported when it is back, alone', async () => {
      flow.balancers.bury(1);
      await flow.balancers.kill();
      const [gone, began] = [await observe(), flow.lastSeq()];
      const half = await reconnect(context(), gone);
      expect(half.map(({ reachable }) => reachable)).toEqual([true, false]);
      flow.balancers.bury(1, false);
      await reconnect(context(), half);
      expect(flow.story(began).map((row) => row.split(' at ')[1])).toEqual(
        flow.balancers.nodes.map(({ name }) => `${name} was gone and answers again`),
      );
    });

    it('between two checks is found by the time of its start; the first check of all finds none', async () => {
      const [began, nodes] = [flow.lastSeq(), await observe()];
      const started = (at: number) => nodes.map((each) => ({ ...each, startedAt: at }));
      noteRestarts(context(), started(1_000));
      noteRestarts(context(), started(1_000));
      expect(flow.actions(began)).toEqual([]);
      noteRestarts(context(), started(2_000));
      noteRestarts(context(), started(2_000));
      expect(flow.actions(began)).toEqual(['balancer-restarted']);
    });

    it('before anything was decided is no news', async () => {
      await flow.close();
      flow = await startFlow();
      await flow.balancers.kill();
      await reconnect(context(), await observe());
      expect(flow.actions()).toEqual([]);
    });

    it('and cannot be brought up costs no other work', async () => {
      await flow.balancers.kill();
      const { target } = context();
      const balancer = {
        ...target.balancer,
        ensure: async () => {
          throw new Error('no program');
        },
      };
      const nodes = await reconnect({ ...context(), target: { ...target, balancer } }, await observe());
      expect(nodes.some(({ reachable }) => reachable)).toBe(false);
    });
  });
});
