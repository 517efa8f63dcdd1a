// What the supervisor does with the two slots: it distinguishes health from silence, restarts what crashed with growing
// pauses, and ends what is retained past its time. Each check is one call; the test sets the time between checks.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { getSnapshot, slotKey } from '../../state/snapshots.ts';
import { readSlot, setSlot } from '../../state/targets.ts';
import { alice, type Flow, startFlow } from '../../testing/flow.ts';
import { endRetention } from './retention.ts';
import type { SlotSnapshot } from './side-health.ts';
import { superviseSlot } from './slot-health.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const rowOf = (slot: SlotName) => readSlot(flow.process().core.store.db, flow.process().target.key, slot);
const healthOf = (slot: SlotName) =>
  getSnapshot<SlotSnapshot>(flow.process().core.store.db, slotKey(place(slot), slot))?.value.state.condition;

/** One check of the slot, however long its pauses are. */
async function look(slot: SlotName): Promise<void> {
  const { core, target, lease } = flow.process();
  const done = superviseSlot({ core, target, lease: lease(), slot, signal: new AbortController().signal });
  await flow.passing(done);
}

async function keep(slot: SlotName): Promise<void> {
  const { core, target, lease } = flow.process();
  await flow.passing(endRetention({ core, target, lease: lease(), signal: new AbortController().signal }, slot));
}

/** Everything of the audit log since `act` began. */
async function storyOf(act: () => Promise<void>): Promise<readonly string[]> {
  const before = flow.lastSeq();
  await act();
  return flow.story(before);
}

const set = (slot: SlotName, change: Parameters<typeof setSlot>[3]): void =>
  flow.process().core.store.write((tx) => {
    setSlot(tx, flow.process().target.key, slot, change);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });

describe('a side that is checked', () => {
  it('is ill after three bad answers, and well again after two good ones', async () => {
    await look('green');
    await look('green');
    expect(healthOf('green')).toBe('healthy');
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    const conditions: (string | undefined)[] = [];
    for (let looks = 0; looks < 3; looks += 1) {
      await look('green');
      conditions.push(healthOf('green'));
    }
    expect(conditions).toEqual(['healthy', 'healthy', 'unhealthy']);
    flow.environments.machine.behave('v2', {});
    const story = await storyOf(async () => {
      await look('green');
      await look('green');
    });
    expect(story).toEqual(['health-changed: v2 in green (active) is healthy']);
  });

  it('is reported as degraded, and is not ill', async () => {
    await look('green');
    await look('green');
    flow.environments.machine.behave('v2', { health: 'degraded' });
    const story = await storyOf(async () => {
      for (let looks = 0; looks < 3; looks += 1) await look('green');
    });
    expect(healthOf('green')).toBe('degraded');
    expect(story.join()).toMatch(/^health-changed: v2 in green \(active\) is degraded/);
  });

  it.each<SlotName>(['green', 'blue'])(
    'in %s is ill at once when its process has ended, and is started again',
    async (slot) => {
      const version = slot === 'green' ? 'v2' : 'v1';
      const [role, began] = [rowOf(slot).role, flow.environments.story.length];
      await flow.environments.crash(place(slot));
      const story = await storyOf(() => look(slot));
      expect(story).toEqual([
        `health-changed: ${version} in ${slot} (${role}) is unhealthy: its process has ended`,
        `crashed: ${version} in ${slot} (${role}) crashed (exit code 1); it is restarted`,
        `restarted: ${version} runs in ${slot} again (restart 1)`,
      ]);
      expect(flow.environments.story.slice(began)).toEqual([`start ${version} in ${slot}`]);
      expect(rowOf(slot)).toMatchObject({ restarts: 1, nextRestartAt: null });
    },
  );

  it('that crashes again and again waits longer each time, and has recovered after a while', async () => {
    const waits: number[] = [];
    for (let crashes = 0; crashes < 4; crashes += 1) {
      await flow.environments.crash(place('green'));
      const began = flow.clock.monotonic();
      while ((await flow.process().target.environment.inspect({ ...place('green'), port: 0 })).kind === 'stopped') {
        await look('green');
        flow.clock.advance(500);
      }
      waits.push(Math.round((flow.clock.monotonic() - began) / 1_000));
    }
    expect(waits).toEqual(waits.toSorted((left, right) => left - right));
    expect(waits[3]).toBeGreaterThanOrEqual(8);
    expect(rowOf('green').restarts).toBe(4);
    flow.clock.advance(10 * 60_000);
    expect(await storyOf(() => look('green'))).toContainEqual(
      expect.stringMatching(/^recovered: v2 in green has been stable for \d+ s$/),
    );
    expect(rowOf('green').restarts).toBe(0);
  });

  it('that cannot be started again is tried later', async () => {
    await flow.environments.crash(place('green'));
    flow.environments.refuseStart('v2', new BlueGreenError('resources-short', 'no memory'));
    const story = await storyOf(() => look('green'));
    expect(story.at(-1)).toBe('restart-failed: v2 could not be restarted in green: no memory');
    expect(rowOf('green').nextRestartAt).toBeGreaterThan(flow.clock.now());
    flow.environments.refuseStart('v2');
    expect(await storyOf(() => look('green'))).toEqual([]);
    flow.clock.advance(60_000);
    expect((await storyOf(() => look('green'))).at(-1)).toMatch(/^restarted: v2 runs in green again/);
  });

  it('and is retained as it failed is not restarted', async () => {
    flow.environments.machine.behave('v3', { status: 500 });
    await flow.finish(flow.ask('v3'));
    expect(flow.slots().blue).toBe('v3 preview (failed)');
    await flow.environments.crash(place('blue'));
    const began = flow.environments.story.length;
    await look('blue');
    await look('blue');
    expect(flow.environments.story.slice(began)).toEqual([]);
  });

  it('and belongs to a live deployment fails through that deployment', async () => {
    const id = flow.ask('v3');
    await flow.at(id, 'watch');
    await flow.environments.crash(place('blue'));
    const began = flow.environments.story.length;
    await look('blue');
    expect(flow.environments.story.slice(began)).toEqual([]);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'failed', code: 'side-crashed' });
  });
});

describe('a side whose time is over', () => {
  it('as standby is stopped, and not before', async () => {
    expect(await storyOf(() => keep('blue'))).toEqual([]);
    flow.clock.advance(25 * 3_600_000);
    expect(await storyOf(() => keep('blue'))).toEqual([
      'side-stopped: stopped v1 in blue: its time as standby is over',
    ]);
    expect(flow.slots()).toEqual({ blue: 'idle', green: 'v2 active' });
    expect(flow.environments.story.at(-1)).toBe('stop blue');
  });

  it('is waited for while requests are open on it, as long as the drain limit allows', async () => {
    flow.clock.advance(25 * 3_600_000);
    flow.balancers.busy('blue', { open: 3 });
    const began = flow.clock.monotonic();
    const story = await storyOf(() => keep('blue'));
    expect(story.map((row) => row.split(':')[0])).toEqual(['draining', 'drain-limit', 'side-stopped']);
    expect(flow.clock.monotonic() - began).toBeGreaterThanOrEqual(flow.process().target.settings.drainLimitMs);
  });

  it('is not touched while the balancer does something that was not decided', async () => {
    flow.clock.advance(25 * 3_600_000);
    flow.balancers.change({ active: 'blue' });
    expect(await storyOf(() => keep('blue'))).toEqual([]);
    expect(flow.slots().blue).toBe('v1 standby');
    expect(flow.environments.story.at(-1)).not.toBe('stop blue');
  });

  it('is not touched while a deployment works on it', async () => {
    const id = flow.ask('v3', { hold: true });
    await flow.at(id, 'hold');
    set('blue', { keepUntil: flow.clock.now() - 1, label: 'failed' });
    expect(await storyOf(() => keep('blue'))).toEqual([]);
  });

  it('as a failed one gives way to the release that was good there before', async () => {
    flow.environments.machine.behave('v3', { status: 500 });
    await flow.finish(flow.ask('v3'));
    flow.clock.advance(31 * 60_000);
    expect(await storyOf(() => keep('blue'))).toEqual(['side-restored: restored blue from v3 to v1']);
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
    expect(flow.people.rollback({ actor: alice })).toMatchObject({ ok: true, value: { version: 'v1' } });
  });

  it('as a failed one is not replaced where no good release can be started, and that is reported', async () => {
    flow.environments.machine.behave('v3', { status: 500 });
    await flow.finish(flow.ask('v3'));
    flow.clock.advance(31 * 60_000);
    flow.environments.refuseStart('v1', new BlueGreenError('resources-short', 'no memory'));
    expect((await storyOf(() => keep('blue'))).join()).toMatch(
      /^restore-failed: v1 could not be started in blue: no memory/,
    );
    expect(flow.slots().blue).toBe('v3 preview (kept)');
  });

  it('and is to be upgraded follows the release that is live', async () => {
    set('blue', { label: 'upgrading', keepUntil: flow.clock.now() });
    expect(await storyOf(() => keep('blue'))).toEqual(['side-upgraded: upgraded blue to v2 too']);
    expect(flow.slots()).toEqual({ blue: 'v2 standby', green: 'v2 active' });
  });
});
