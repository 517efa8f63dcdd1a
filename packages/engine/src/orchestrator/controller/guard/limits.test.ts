// The guard at its limits: how often it acts, what it remembers over restarts, and what it leaves to people.

import { afterEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../../domain/target.ts';
import { liveDeployment } from '../../../state/deployments.ts';
import { guardKey, putSnapshot } from '../../../state/snapshots.ts';
import { addQuarantine, readRelease, readSlot } from '../../../state/targets.ts';
import { alice, type Flow, shortPlan, startFlow } from '../../../testing/flow.ts';
import { superviseSlot } from '../slot-health.ts';
import { noMemory } from './decide.ts';
import { guardLiveSide } from './guard.ts';
import { crashesOf, noteCrash, readMemory, sideOf } from './memory.ts';

let flow: Flow;
afterEach(() => flow.close());

/** A side that was just started may need so long, and is not restarted before. */
const startupMs = 60_000;

async function serving(guard = ''): Promise<void> {
  flow = await startFlow({ options: `${shortPlan}\n    health: { interval: 1s, failures: 2 }${guard}` });
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
  flow.clock.advance(startupMs);
}

const place = (slot: SlotName) => ({ service: 'shop', target: 'production', slot });
const live = () => liveDeployment(flow.process().core.store.db, flow.process().target.key);
const row = (slot: SlotName) => readSlot(flow.process().core.store.db, flow.process().target.key, slot);
const memory = () => readMemory(flow.process().core.store.db, flow.process().target.key);

/** Rounds of the supervisor, an interval apart. */
async function rounds(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const { core, target, lease } = flow.process();
    const context = { core, target, lease: lease() };
    for (const slot of ['blue', 'green'] as const)
      await flow.passing(superviseSlot({ ...context, slot, signal: new AbortController().signal }));
    await flow.passing(guardLiveSide(context));
    flow.clock.advance(2_000);
  }
}

const guarded = (after: number) => flow.story(after).filter((story) => story.startsWith('guard-'));

describe('a live side that is ill', () => {
  it.each<[action: string, began: RegExp, isMoved: boolean]>([
    ['page', /^guard-paged: v2 in green is unhealthy \(.*\); the guard only pages a person for this$/, false],
    ['rollback', /^guard-acted: v2 in green is unhealthy \(.*\); users go back to v1 in blue, which is healthy$/, true],
    ['restart', /^guard-acted: v2 in green is unhealthy .* it is restarted$/, false],
  ])('as `%s` for it has it', async (action, began, isMoved) => {
    await serving(`\n    guard: { unhealthy: ${action} }`);
    await rounds(4);
    flow.environments.machine.sicken(place('green'));
    const [seq, starts] = [flow.lastSeq(), flow.environments.story.length];
    await rounds(4);
    expect(guarded(seq)[0]).toMatch(began);
    expect(live() !== undefined).toBe(isMoved);
    const restarted = flow.environments.story.slice(starts).includes('start v2 in green');
    expect(restarted).toBe(action === 'restart');
  });

  it('as `off` is left alone, and nothing is said', async () => {
    await serving('\n    guard: { unhealthy: off }');
    await rounds(4);
    flow.environments.machine.sicken(place('green'));
    const seq = flow.lastSeq();
    await rounds(5);
    expect([guarded(seq), live()]).toEqual([[], undefined]);
  });

  it('again and again is helped so many times in a period, then a person is called, once', async () => {
    await serving('\n    guard: { unhealthy: restart, atMost: 2, within: 1h }');
    await rounds(4);
    const seq = flow.lastSeq();
    for (let times = 0; times < 4; times += 1) {
      flow.environments.machine.sicken(place('green'));
      await rounds(6);
      flow.clock.advance(startupMs);
    }
    const acts = guarded(seq).map((story) => story.split(':')[0]);
    expect(acts.filter((action) => action === 'guard-acted')).toHaveLength(2);
    expect(acts.filter((action) => action === 'guard-exhausted')).toHaveLength(1);
    expect(guarded(seq).join()).toContain('has acted 2 times within 60 minutes, so a person must act');
    flow.environments.machine.behave('v2', {});
    await flow.environments.crash(place('green'));
    await rounds(4);
    flow.clock.advance(3_600_000);
    await rounds(4);
    flow.environments.machine.sicken(place('green'));
    const later = flow.lastSeq();
    await rounds(4);
    expect(guarded(later)[0]).toMatch(/^guard-acted/);
  });

  it('is reported as well again, once, after the guard acted or called', async () => {
    await serving('\n    guard: { unhealthy: page }');
    await rounds(4);
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    await rounds(4);
    flow.environments.machine.behave('v2', {});
    const seq = flow.lastSeq();
    await rounds(5);
    expect(guarded(seq)).toEqual(['guard-ended: v2 in green is live and healthy']);
    expect(memory().handled).toBeUndefined();
  });

  it('keeps its users where the standby was marked bad', async () => {
    await serving();
    await rounds(4);
    flow.process().core.store.write((tx) => {
      const digest = readRelease(tx.db, 'shop', 'v1')?.digest ?? '';
      addQuarantine(tx, { service: 'shop', version: 'v1', digest, reason: 'x', by: 'engine', at: tx.now });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });
    flow.environments.machine.sicken(place('green'));
    const seq = flow.lastSeq();
    await rounds(4);
    // It does not try and fail: a standby that is marked bad is none.
    expect([live(), guarded(seq)[0]]).toEqual([
      undefined,
      expect.stringMatching(/^guard-paged: .*only pages a person/),
    ]);
  });

  it('is not acted upon by a controller that lost its lease', async () => {
    await serving();
    await rounds(4);
    const { core, target, lease } = flow.process();
    const held = lease();
    flow.environments.machine.sicken(place('green'));
    for (let checks = 0; checks < 2; checks += 1)
      await superviseSlot({ core, target, lease: held, slot: 'green', signal: new AbortController().signal });
    flow.restart();
    flow.process().lease();
    const seq = flow.lastSeq();
    await expect(guardLiveSide({ core, target, lease: held })).rejects.toMatchObject({ code: 'fenced-out' });
    expect([guarded(seq), live()]).toEqual([[], undefined]);
  });

  it('while a person has just asked for the same way back is left to that', async () => {
    await serving();
    await rounds(4);
    flow.environments.machine.sicken(place('green'));
    await rounds(1);
    const asked = flow.people.rollback({ actor: alice });
    await rounds(3);
    expect(live()?.id).toBe(asked.ok ? asked.value.id : '');
    expect(
      flow.story().filter((story) => story.startsWith('deployment-requested') && story.includes('rollback')),
    ).toHaveLength(1);
  });
});

describe('a live side that crashes', () => {
  it('as often as the rule says gives its users to the standby; the crashes of another release do not count', async () => {
    await serving('\n    guard: { crashLoop: rollback, crashes: 3, unresponsive: off }');
    await rounds(4);
    for (let crashes = 0; crashes < 3; crashes += 1) {
      expect(live()).toBeUndefined();
      await flow.environments.crash(place('green'));
      await rounds(2);
      flow.clock.advance(60_000);
      await rounds(2);
    }
    expect(live()).toMatchObject({ mode: 'rollback', version: 'v1', requestedBy: 'engine' });
    expect(flow.row(live()?.id ?? '').reason).toMatch(/v2 in green crashed 3 times within \d+ minutes/);
  });
});

describe('what the guard remembers', () => {
  it('of crashes is of this side and of the period alone, and at most twenty of them', async () => {
    await serving();
    const { core, target } = flow.process();
    const count = (slot: SlotName) =>
      core.store.note((db, now) =>
        noteCrash({ db, now, audit: () => undefined, redact: (text) => text }, { core, target }, row(slot)),
      );
    expect([count('blue'), count('blue')]).toEqual([1, 1]);
    expect([count('green'), count('green')]).toEqual([1, 2]);
    flow.clock.advance(target.settings.guard.withinMs);
    expect(count('green')).toBe(1);
    for (let crashes = 0; crashes < 30; crashes += 1) count('green');
    expect(memory().crashes.times).toHaveLength(20);
    const other = { ...row('green'), version: 'v9' };
    expect(crashesOf(memory(), other, target.settings.guard, flow.clock.monotonic())).toEqual([]);
  });

  it('of times before a restart of the machine is nothing, of what was handled that it may be done again', async () => {
    await serving();
    const handled = { side: sideOf(row('green')), illness: 'unhealthy', againAt: 9_999_999_999 } as const;
    const before = { ...noMemory, bootId: 'another', acts: [1, 2], crashes: { side: 'x', times: [1] }, handled };
    flow.process().core.store.note((db, now) => putSnapshot(db, guardKey(flow.process().target.key), before, now));
    expect(memory()).toMatchObject({ acts: [], crashes: { times: [] }, handled: { illness: 'unhealthy', againAt: 0 } });
  });
});
