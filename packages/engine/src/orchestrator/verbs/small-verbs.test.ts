// The verbs that do one small thing: replay, look, locks at their edges, the end of a demonstration, what is read.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearPin, readPin } from '../../state/pins.ts';
import { getSnapshot, nodesKey, slotKey } from '../../state/snapshots.ts';
import { addQuarantine, readQuarantine, readRelease, readSlot } from '../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';
import type { SlotSnapshot } from '../controller/side-health.ts';
import { superviseSlot } from '../controller/slot-health.ts';
import type { Target } from '../core.ts';
import { lookNow } from './look-now.ts';
import { routingConfiguration } from './routing-configuration.ts';
import { refusalOf } from './testing/refusals.ts';

const dave = { kind: 'person', id: 'dave', door: 'cli' } as const;
const ci = { kind: 'machine', name: 'ci', door: 'webhook' } as const;

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

const { signal } = new AbortController();
const db = () => flow.process().core.store.db;
const key = () => flow.process().target.key;
const refused = (act: Parameters<typeof refusalOf>[1], code: string) =>
  refusalOf({ store: flow.process().core.store, audit: flow.people.audit }, act, code);

describe('a delivery that is worked on once more', () => {
  const taken = async (): Promise<number> => {
    const delivery = { hook: 'github', delivery: 'd-1', content: 'c-1', kind: 'workflow_run', body: Buffer.from('{}') };
    const { inbox } = flow.people;
    const took = await inbox.take(delivery);
    return took.kind === 'full' ? 0 : took.delivery.id;
  };

  it('is one that was settled: once, with the person and what it was', async () => {
    const id = await taken();
    await refused(() => flow.people.replay(id, alice), 'not-allowed-now');
    flow.people.inbox.settle(id, { state: 'parked', sentence: 'no such service' });
    const began = flow.lastSeq();
    expect(flow.people.replay(id, alice)).toMatchObject({ ok: true, value: { id, state: 'waiting' } });
    expect(flow.story(began)).toEqual([
      `delivery-replayed: delivery ${id} of github is worked on again; it was parked: no such service`,
    ]);
    await refused(() => flow.people.replay(id, bob), 'not-allowed-now');
    expect(flow.people.inbox.due(9).map((each) => each.id)).toEqual([id]);
  });

  it('is none that does not exist, and none whose body was not stored any longer', async () => {
    for (const id of [0, -1, 4_711, Number.NaN]) await refused(() => flow.people.replay(id, alice), 'no-such-delivery');
    const id = await taken();
    flow.people.inbox.settle(id, { state: 'done', sentence: 'deployed' });
    db().$client.prepare('DELETE FROM inbox_bodies').run();
    const { hint } = await refused(() => flow.people.replay(id, alice), 'no-such-delivery');
    expect(hint).toContain('deliver it again');
  });
});

describe('a look without a controller', () => {
  const seen = (slot: 'blue' | 'green') => getSnapshot<SlotSnapshot>(db(), slotKey(key(), slot));

  it('finds what is there now, in one check each, and writes nothing that was decided', async () => {
    const began = flow.lastSeq();
    await lookNow(flow.process().core, signal);
    expect([seen('blue')?.value.state.condition, seen('green')?.value.state.condition]).toEqual(['healthy', 'healthy']);
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    await flow.environments.crash({ ...key(), slot: 'blue' });
    flow.clock.advance(1_000);
    await lookNow(flow.process().core, signal);
    expect(seen('green')).toMatchObject({ at: flow.clock.now(), value: { state: { condition: 'unhealthy' } } });
    expect(seen('blue')?.value.state).toMatchObject({ condition: 'unhealthy', problem: 'its process has ended' });
    expect(getSnapshot(db(), nodesKey(key()))?.value).toMatchObject([{ reachable: true }]);
    expect(flow.actions(began)).toEqual([]);
  });

  it('leaves the checks to the controller while there is one', async () => {
    flow.process().lease();
    const before = seen('green');
    flow.environments.machine.behave('v2', { health: 'unhealthy' });
    await lookNow(flow.process().core, signal);
    expect(seen('green')).toEqual(before);
  });

  it('of which one fails shows the others: what cannot be asked keeps the age of its last check', async () => {
    const { core, target } = flow.process();
    const balancer = { ...target.balancer, observe: () => Promise.reject(new Error('no answer')) };
    await lookNow({ ...core, targets: [{ ...target, balancer }] }, signal);
    expect(seen('green')?.value.state.condition).toBe('healthy');
    expect(getSnapshot(db(), nodesKey(key()))).toBeUndefined();
  });
});

describe('a lock at its edges', () => {
  it.each<[forMs: number | undefined, lastsMs: number]>([
    [undefined, 3_600_000],
    [1_000, 1_000],
    [400 * 24 * 3_600_000, 7 * 24 * 3_600_000],
  ])('for %s ms lasts %s ms', (forMs, lastsMs) => {
    flow.people.lock({ actor: alice, reason: 'x', ...(forMs === undefined ? {} : { forMs }) });
    const [target] = flow.people.status().targets;
    expect((target?.lock?.until ?? 0) - flow.clock.now()).toBe(lastsMs);
  });

  it('is made longer by its owner, and not taken over by another', async () => {
    flow.people.lock({ actor: alice, reason: 'x', forMs: 1_000 });
    expect(flow.people.lock({ actor: alice, reason: 'y'.repeat(5_000), forMs: 9_000 }).ok).toBe(true);
    const [target] = flow.people.status().targets;
    expect(target?.lock).toMatchObject({ owner: 'person:alice', until: flow.clock.now() + 9_000 });
    expect(target?.lock?.reason).toHaveLength(300);
    await refused(() => flow.people.lock({ actor: bob, reason: 'z' }), 'target-locked');
    await refused(() => flow.people.unlock({ actor: bob, of: 'person:carol' }), 'target-locked');
    expect(flow.people.unlock({ actor: bob, of: 'person:alice' }).ok).toBe(true);
    await refused(() => flow.people.unlock({ actor: bob }), 'not-allowed-now');
  });

  it('of two people at the same moment belongs to one', async () => {
    const answers = await Promise.all([alice, bob].map(async (actor) => flow.people.lock({ actor, reason: 'x' })));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  });
});

describe('a side that is not live', () => {
  it('is not settled while the balancer does something else than was decided', async () => {
    flow.process().core.store.note((_, now) =>
      db()
        .$client.prepare("INSERT INTO snapshots (key, value, at) VALUES ('drift-of:shop/production', ?, ?)")
        .run(JSON.stringify({ print: 'x', view: { blocks: true, sentence: 'users go to blue' } }), now),
    );
    for (const to of ['keep', 'stop', 'upgrade'] as const)
      await refused(() => flow.people.settleStandby({ actor: alice, to }), 'drifted');
  });

  it.each([
    ['keep', { label: null, keepUntil: null }, 'keeps the standby v1 in blue'],
    ['upgrade', { label: 'upgrading' }, 'upgrades the standby v1 in blue'],
    ['stop', { label: null }, 'stops the standby v1 in blue'],
  ] as const)('follows %s once, from a person, with one row', async (to, row, sentence) => {
    const began = flow.lastSeq();
    expect(flow.people.settleStandby({ actor: alice, to }).ok).toBe(true);
    expect(readSlot(db(), key(), 'blue')).toMatchObject(row);
    expect(flow.story(began)).toEqual([`side-standby: alice ${sentence}`]);
    await refused(() => flow.people.restoreFailed({ actor: alice }), 'not-allowed-now');
    await refused(() => flow.people.keepFailed({ actor: alice }), 'not-allowed-now');
  });
});

describe('the end of a demonstration', () => {
  it('stops all that runs, and what was live is no crash for the next controller', async () => {
    await flow.people.teardown();
    expect([flow.environments.machine.instances.size, flow.balancers.nodes[0]?.server]).toEqual([0, undefined]);
    expect(flow.actions().at(-1)).toBe('dismantled');
    const began = flow.lastSeq();
    await flow.process().target.balancer.ensure();
    const { core, target, lease } = flow.process();
    for (const slot of ['blue', 'green'] as const)
      await flow.passing(superviseSlot({ core, target, lease: lease(), slot, signal }));
    expect(flow.actions(began).filter((action) => action === 'crashed')).toEqual([]);
    expect(flow.actions(began).filter((action) => action === 'restarted')).toHaveLength(2);
  });
});

describe('the configuration of a balancer', () => {
  it.each<[what: string, balancer: Partial<Target['balancer']>, isTested: boolean, test: unknown]>([
    ['that has no program is not tested', {}, true, undefined],
    ['is not tested unasked', { testConfiguration: async () => undefined }, false, undefined],
    ['that its program takes passes', { testConfiguration: async () => undefined }, true, { passed: true }],
    [
      'that its program refuses is no fault, and says why',
      {
        testConfiguration: async () => {
          throw new Error('line 3: unknown keyword');
        },
      },
      true,
      { passed: false, problem: 'line 3: unknown keyword' },
    ],
  ])('%s', async (_, change, isTested, test) => {
    const { core, target } = flow.process();
    const targets = [{ ...target, balancer: { ...target.balancer, ...change } }];
    const answer = await routingConfiguration({ ...core, targets }, {}, isTested);
    expect(answer).toMatchObject({ ok: true, value: { target: 'shop', files: [] } });
    expect(answer.ok && answer.value.test).toEqual(test);
    expect(await routingConfiguration(core, { service: 'shpo' }, false)).toMatchObject({ ok: false });
  });
});

describe('a mark on a release', () => {
  const digest = (version: string) => readRelease(db(), 'shop', version)?.digest ?? '';
  const mark = (version: string): void =>
    flow.process().core.store.write((tx) => {
      addQuarantine(tx, {
        service: 'shop',
        version,
        digest: digest(version),
        reason: 'errs',
        by: 'engine',
        at: tx.now,
      });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
    });
  const clear = (
    version: string,
    actor: Parameters<Flow['people']['storedReleases']['clearMark']>[0]['actor'] = dave,
  ) => flow.people.storedReleases.clearMark({ version, reason: 'the database was down', actor });

  it('is cleared by any person where no deployment needs an approval, and only a mark that there is', async () => {
    await refused(() => clear('v9'), 'release-unknown');
    await refused(() => clear('v1'), 'not-allowed-now');
    mark('v1');
    await refused(() => clear('v1', ci), 'not-in-team');
    const began = flow.lastSeq();
    expect(clear('v1').ok).toBe(true);
    expect(readQuarantine(db(), digest('v1'))).toBeUndefined();
    expect(flow.story(began)[0]).toMatch(/^release-mark-cleared: dave clears the mark of v1 .*the database was down/);
    await refused(() => clear('v1'), 'not-allowed-now');
  });
});

describe('a release that is fetched by hand', () => {
  const fetch = (version: string, path?: string) =>
    flow.people.storedReleases.fetch({
      version,
      actor: alice,
      ...(path === undefined ? {} : { from: { kind: 'directory', path } as const }),
    });

  it('is refused by name, where it is here already, where no one said where it is, and where it may not come from', async () => {
    await refused(() => fetch('../v3'), 'text-invalid');
    await refused(() => fetch('v9'), 'release-unknown');
    const elsewhere = mkdtempSync(join(tmpdir(), 'bg-elsewhere-'));
    writeFileSync(join(elsewhere, 'server.mjs'), '');
    await refused(() => fetch('v1', elsewhere), 'not-allowed-now');
    const began = flow.lastSeq();
    expect(await fetch('v9', elsewhere)).toMatchObject({ ok: false, refusal: { code: 'artifact-refused' } });
    expect(flow.actions(began)).toEqual(['release-refused', 'refused']);
    rmSync(elsewhere, { recursive: true });
  });

  it('and is pinned before it is here is refused, unless CI announced it', async () => {
    await refused(
      () => flow.people.storedReleases.pin({ version: 'v9', reason: 'audit', actor: alice }),
      'release-unknown',
    );
    expect(flow.people.storedReleases.pin({ version: 'v1', reason: 'r'.repeat(900), actor: alice }).ok).toBe(true);
    expect(readPin(db(), 'shop', 'v1')?.reason).toHaveLength(500);
    flow.process().core.store.write((tx) => {
      clearPin(tx, 'shop', 'v1');
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'unpinned by another person' });
    });
    await refused(() => flow.people.storedReleases.unpin({ version: 'v1', actor: alice }), 'not-allowed-now');
  });
});

describe('a rejection before any verb', () => {
  it('is a row of a known person, with its target where that is known, and a number of a stranger', () => {
    const refusal = { code: 'text-invalid', sentence: 'no such command', hint: '' } as const;
    const began = flow.lastSeq();
    flow.people.recordRejection(alice, refusal, {});
    flow.people.recordRejection(alice, refusal, { service: 'shpo' });
    flow.people.recordRejection({ kind: 'stranger', name: 'U0EVE', door: 'slack' }, refusal);
    const rows = flow.people.audit.after(began, 9);
    expect(rows.map(({ service, sentence }) => [service ?? null, sentence])).toEqual([
      ['shop', 'at the door: no such command'],
      [null, 'at the door: no such command'],
    ]);
  });
});
