// Another number of instances: who may ask for it, what is refused, what is started and stopped, and what a process that is
// killed at any write or call leaves to the next one.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { systemClock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { readCount } from '../../state/counts.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import { superviseSlot } from '../controller/slot-health.ts';
import { performScale } from './perform.ts';

const target = '        instances: 2\n        maxInstances: 4\n        drain: { limit: 1s }';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow({ instances: 4, target });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
});
afterEach(() => flow.close());

const place = (slot: SlotName, instance: number) => ({ service: 'shop', target: 'production', slot, instance });
const scalingOf = (slot: SlotName) => readCount(flow.process().core.store.db, place(slot, 1)).scaling;
const countOf = (slot: SlotName) => flow.people.status().targets[0]?.slots.find((each) => each.slot === slot)?.count;

/** By number; those of one side. */
const pids = (slot: SlotName) =>
  [...flow.environments.machine.instances.values()]
    .filter((each) => each.place.slot === slot)
    .toSorted((one, other) => (one.place.instance ?? 1) - (other.place.instance ?? 1))
    .map(({ pid }) => pid);

function ask(slot: SlotName, instances: number) {
  const answer = flow.people.slots.scale({ slot, instances, actor: alice });
  if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.sentence}`);
  return answer.value;
}

const perform = (slot: SlotName) => {
  const { core, target: its, lease } = flow.process();
  const scale = { core, target: its, lease: lease(), slot, signal: new AbortController().signal };
  return flow.passing(performScale(scale));
};

async function scaleTo(slot: SlotName, instances: number): Promise<readonly string[]> {
  const before = flow.lastSeq();
  ask(slot, instances);
  await perform(slot);
  return flow.story(before);
}

describe('the live side', () => {
  it('gets more: those that ran go on, and users get the others once they are healthy', async () => {
    const first = pids('blue');
    expect(await scaleTo('blue', 4)).toEqual([
      'scale-asked: alice asks for 4 instances in blue, which has 2',
      'scale-step: users of blue get 4 instances from now on',
      'scaled: blue has 4 instances now, 2 before',
    ]);
    expect(pids('blue')).toHaveLength(4);
    expect(pids('blue').slice(0, 2)).toEqual(first);
    expect(countOf('blue')).toEqual({ instances: 4, most: 4 });
    expect(ask('blue', 4)).toEqual({ slot: 'blue', from: 4, to: 4, most: 4, state: 'already' });
  });

  it('gets fewer: users leave them first', async () => {
    await scaleTo('blue', 4);
    const all = pids('blue');
    expect(await scaleTo('blue', 1)).toEqual([
      'scale-asked: alice asks for 1 instance in blue, which has 4',
      'scale-step: users of blue get 1 instance from now on',
      'scaled: blue has 1 instance now, 4 before',
    ]);
    expect(pids('blue')).toEqual(all.slice(0, 1));
  });

  it('keeps its number where those that are added never get healthy, and says why', async () => {
    const first = pids('blue');
    flow.environments.machine.sicken(place('blue', 2));
    const story = await scaleTo('blue', 4);
    expect(story.at(-1)).toMatch(
      /^scale-failed: blue has 2 instances as before: 4 instances, as alice asked for, were not reached: not all 4 were healthy within /,
    );
    expect(pids('blue')).toEqual(first);
    expect(scalingOf('blue')).toBeUndefined();
    expect(countOf('blue')).toEqual({ instances: 2, most: 4 });
  });

  it('keeps its number where one cannot be started, and nothing of it is left', async () => {
    const first = pids('blue');
    flow.environments.refuseStart('v1', new BlueGreenError('resources-short', 'the disk is full'));
    ask('blue', 4);
    await perform('blue').catch(() => flow.environments.refuseStart('v1'));
    await perform('blue');
    expect(flow.story().at(-1)).toBe(
      'scale-failed: blue does not get 4 instances, as alice asked for: the disk is full',
    );
    expect(pids('blue')).toEqual(first);
  });

  it('keeps its number where those that would stay are not healthy', async () => {
    await scaleTo('blue', 4);
    const all = pids('blue');
    flow.environments.machine.sicken(place('blue', 1));
    const story = await scaleTo('blue', 1);
    expect(story.at(-1)).toMatch(/^scale-failed: blue does not get 1 instance, as alice asked for: fewer than enough /);
    expect(pids('blue')).toEqual(all);
  });

  it('is neither judged by those that are being added nor has them restarted', async () => {
    ask('blue', 4);
    flow.environments.machine.sicken(place('blue', 3));
    const { core, target: its, lease } = flow.process();
    const controller = new AbortController();
    const scaling = performScale({ core, target: its, lease: lease(), slot: 'blue', signal: controller.signal });
    await flow.passing(
      (async () => {
        while (pids('blue').length < 4) await systemClock.sleep(5);
        for (let looks = 0; looks < 4; looks += 1)
          await superviseSlot({ core, target: its, lease: lease(), slot: 'blue', signal: controller.signal });
      })(),
    );
    const side = flow.people.status().targets[0]?.slots.find(({ slot }) => slot === 'blue');
    expect(side?.health).toBe('healthy');
    await flow.passing(scaling);
    expect(flow.actions().filter((action) => action === 'crashed' || action === 'restarted')).toEqual([]);
  });
});

describe('the next deployment', () => {
  it('starts as many as the live side has, and the number stays when the engine starts again', async () => {
    await scaleTo('blue', 3);
    flow.restart();
    expect(countOf('blue')).toEqual({ instances: 3, most: 4 });
    await flow.live('v2');
    expect(pids('green')).toHaveLength(3);
    await scaleTo('green', 1);
    await flow.live('v3');
    expect(pids('blue')).toHaveLength(1);
  });

  it('takes the slot over from a change of its number', async () => {
    await flow.live('v2');
    ask('blue', 4);
    const id = flow.ask('v3');
    await flow.at(id, 'check-health');
    await perform('blue');
    expect(scalingOf('blue')).toBeUndefined();
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
    expect(pids('blue')).toHaveLength(2);
  });
});

describe('a number is refused', () => {
  const codeOf = (slot: SlotName, instances: number, actor = alice) => {
    const answer = flow.people.slots.scale({ slot, instances, actor });
    return answer.ok ? answer.value.state : answer.refusal.code;
  };

  it.each([
    [0, 'text-invalid'],
    [1.5, 'text-invalid'],
    [5, 'not-allowed-now'],
  ])('%s: %s', (instances, code) => {
    const before = flow.lastSeq();
    expect(codeOf('blue', instances)).toBe(code);
    expect(flow.actions(before)).toEqual(['refused']);
  });

  it('for a slot in which nothing runs, one that a deployment works in, and one whose number changes', async () => {
    expect(codeOf('green', 2)).toBe('not-allowed-now');
    const id = flow.ask('v2');
    await flow.at(id, 'check-health');
    expect(codeOf('green', 3)).toBe('target-busy');
    expect(codeOf('blue', 1)).toBe('target-busy');
    expect(codeOf('blue', 3)).toBe('begun');
    expect(codeOf('blue', 3, bob)).toBe('begun');
    expect(codeOf('blue', 4)).toBe('not-allowed-now');
    await flow.finish(id);
  });
});

describe('a process that is killed', () => {
  const ways: readonly (readonly [string, number, number])[] = [
    ['more', 2, 4],
    ['fewer', 4, 2],
  ];

  async function killedAt(from: number, to: number, arm: () => void): Promise<boolean> {
    if (from !== 2) await scaleTo('blue', from);
    const first = pids('blue').slice(0, 2);
    ask('blue', to);
    flow.process().lease();
    arm();
    await perform('blue').catch(() => undefined);
    const wasKilled = flow.process().life.isDead();
    flow.restart();
    await perform('blue');
    expect(pids('blue')).toHaveLength(to);
    expect(pids('blue').slice(0, 2)).toEqual(first);
    expect(scalingOf('blue')).toBeUndefined();
    expect(countOf('blue')).toEqual({ instances: to, most: 4 });
    expect(flow.actions().filter((action) => action === 'scaled')).toHaveLength(from === 2 ? 1 : 2);
    return wasKilled;
  }

  for (const [what, from, to] of ways) {
    for (const write of [1, 2])
      it.each(['before', 'after'] as const)(`${what}: %s write ${write}`, async (moment) => {
        expect(await killedAt(from, to, () => flow.process().life.dieAt(write, moment))).toBe(true);
      });
    it.each([1, 2, 3, 4, 5])(`${what}: during call %s of a driver`, async (call) => {
      expect(await killedAt(from, to, () => flow.process().life.dieAtCall(call))).toBe(true);
    });
  }
});
