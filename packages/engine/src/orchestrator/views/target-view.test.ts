// What people are shown of a target and of a deployment: every figure is of what is there now, or says how old it is.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Role, SlotName } from '../../domain/target.ts';
import { nodesKey, openKey, putSnapshot, slotKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine, addRelease, type SlotRow, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, bob, digestOf, startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';
import { changeOf } from './change.ts';

let testEngine: TestEngine;
beforeEach(() => {
  testEngine = startTestEngine();
  testEngine.serving('v2.0');
});
afterEach(() => testEngine.remove());

const write = (change: (tx: Tx) => void): void =>
  testEngine.store.write((tx) => {
    change(tx);
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
  });
const set = (slot: SlotName, change: Partial<SlotRow>): void => write((tx) => setSlot(tx, shop, slot, change));
const view = () => {
  const found = testEngine.engine.target({});
  if (!found.ok) throw new Error(found.refusal.sentence);
  return found.value;
};
const side = (slot: SlotName) => view().slots[slot === 'blue' ? 0 : 1];

/** What the last check of the side found. */
const looked = (slot: SlotName, condition: string, more: object = {}): void =>
  testEngine.store.note((db, now) =>
    putSnapshot(
      db,
      slotKey(shop, slot),
      {
        deploymentId: null,
        version: slot === 'blue' ? 'v1.0' : 'v2.0',
        state: { condition, failures: 0, successes: 1, problem: 'HTTP 503' },
        proof: 'fields',
        pid: 4_711,
        cpuPercent: 1,
        memoryBytes: 2,
        ...more,
      },
      now,
    ),
  );

describe('a side', () => {
  it('shows what its last check found and when, as long as it is the same release', () => {
    expect(side('blue')).toMatchObject({ role: 'active', version: 'v1.0', health: 'unknown', pid: undefined });
    looked('blue', 'unhealthy');
    const at = testEngine.clock.now();
    expect(side('blue')).toMatchObject({ health: 'unhealthy', healthProblem: 'HTTP 503', pid: 4_711, proof: 'fields' });
    expect(Math.abs((side('blue').seenAt ?? 0) - at)).toBeLessThan(60_000);
    set('blue', { version: 'v2.1', digest: digestOf('v2.1') });
    expect(side('blue')).toMatchObject({ health: 'unknown', pid: undefined, seenAt: undefined });
  });

  it.each(['healthy', 'degraded', 'unhealthy'])('that is %s shows a problem only where there is one', (condition) => {
    looked('blue', condition);
    expect(side('blue').healthProblem).toBe(condition === 'healthy' ? undefined : 'HTTP 503');
  });

  it('of an earlier deployment of the same version shows nothing of it', () => {
    looked('blue', 'healthy', { deploymentId: 'd_before' });
    expect(side('blue').health).toBe('unknown');
  });

  it('that is idle shows no release, no time and nothing open', () => {
    testEngine.store.note((db, now) => putSnapshot(db, openKey(shop), { blue: 3, green: 4 }, now));
    expect(side('green').open).toBe(4);
    set('green', { role: 'idle', version: null, digest: null });
    expect(side('green')).toMatchObject({
      version: undefined,
      since: undefined,
      open: undefined,
      keepUntil: undefined,
    });
  });
});

describe('the readiness of a rollback', () => {
  const cases: readonly (readonly [what: string, lay: () => void, is: string, sentence: RegExp])[] = [
    ['a healthy standby', () => looked('green', 'healthy'), 'instant v2.0', /^green v2\.0 healthy/],
    ['a standby that was not checked yet', () => undefined, 'instant v2.0', /not checked yet/],
    [
      'a standby that is retained for a while',
      () => set('green', { keepUntil: Date.parse('2030-01-01T12:00:00Z') }),
      'instant v2.0',
      / left$/,
    ],
    ['an unhealthy standby', () => looked('green', 'unhealthy'), 'slow v2.0', /is unhealthy.*HTTP 503/],
    ['an upgrade of the standby', () => set('green', { label: 'upgrading' }), 'slow v2.0', /start of v2\.0 needed/],
    ['a failed release beside it', () => set('green', { label: 'failed' }), 'slow v2.0', /start of v2\.0 needed/],
    [
      'nothing in the other slot',
      () => set('green', { role: 'idle', version: null, digest: null }),
      'slow v2.0',
      /start of v2\.0 needed, no start was measured yet/,
    ],
    [
      'nothing that was good',
      () => {
        set('green', { role: 'idle', version: null, digest: null });
        write((tx) =>
          addQuarantine(tx, {
            service: 'shop',
            version: 'v2.0',
            digest: digestOf('v2.0'),
            reason: 'x',
            by: 'engine',
            at: tx.now,
          }),
        );
      },
      'blocked undefined',
      /^v2\.0 is marked bad: x/,
    ],
    ['no active side', () => set('blue', { role: 'preview' }), 'blocked undefined', /^no release is live on shop/],
  ];
  it.each(cases)('with %s', (_, lay, is, sentence) => {
    lay();
    const { readiness, version, sentence: said } = view().rollback;
    expect(`${readiness} ${version}`).toBe(is);
    expect(said).toMatch(sentence);
  });
});

describe('a target', () => {
  it('shows its lock while it lasts, its nodes, and actions only while nothing is live', () => {
    testEngine.engine.lock({ actor: bob, reason: 'stock-taking', forMs: 1_000 });
    testEngine.store.note((db, now) => putSnapshot(db, nodesKey(shop), [{ node: 'n1', reachable: true }], now));
    expect(view()).toMatchObject({ lock: { owner: 'person:bob', reason: 'stock-taking' }, nodes: [{ node: 'n1' }] });
    testEngine.clock.advance(1_001);
    expect(view().lock).toBeUndefined();
    const { id } = testEngine.running('watch');
    expect(view()).toMatchObject({ live: { id }, actions: [] });
    testEngine.ended(id);
    expect(view()).toMatchObject({ live: undefined, last: { id, outcome: { kind: 'failed' } } });
  });

  it('is the same in the status, in the history and by its deployment', () => {
    const { id } = testEngine.running('watch');
    const { engine } = testEngine;
    const history = engine.history({}, 1);
    expect(history.ok && history.value).toEqual([engine.deployment(id)]);
    expect(engine.status().targets).toEqual([view()]);
    expect(engine.history({ service: 'shpo' }, 1)).toMatchObject({ refusal: { code: 'target-unknown' } });
    expect(engine.releases({ service: 'shpo' })).toMatchObject({ refusal: { code: 'target-unknown' } });
    expect(engine.deployment('d_nothing')).toBeUndefined();
  });

  it('lists its releases with what is known of each', () => {
    write((tx) =>
      addQuarantine(tx, {
        service: 'shop',
        version: 'v2.1',
        digest: digestOf('v2.1'),
        reason: 'errs',
        by: 'engine',
        at: tx.now,
      }),
    );
    const listed = testEngine.engine.releases({});
    expect(listed.ok && listed.value.map(({ version, active, quarantined }) => [version, active, quarantined])).toEqual(
      [
        ['v2.1', false, 'errs'],
        ['v2.0', false, undefined],
        ['v1.0', true, undefined],
      ],
    );
  });
});

describe('a deployment', () => {
  const shown = (id: string) => {
    const found = testEngine.engine.deployment(id);
    if (!found) throw new Error('there is none');
    return found;
  };

  it.each<[step: string, change: Parameters<TestEngine['running']>[1], waitsFor: string]>([
    ['start-preview', {}, 'nothing'],
    ['watch', {}, 'time'],
    ['hold', {}, 'people'],
    ['await-approval', {}, 'people'],
    ['hold', { direction: 'unwinding' }, 'nothing'],
  ])('in %s with %j waits for %s', (step, change, waitsFor) => {
    expect(shown(testEngine.running(step, change).id).waitsFor).toBe(waitsFor);
  });

  it('waits for no one once its approval is decided', () => {
    const ref = testEngine.running('await-approval');
    expect(shown(ref.id).approval).toMatchObject({ status: 'pending', given: [], needed: 1 });
    testEngine.engine.approve(ref, bob);
    expect(shown(ref.id)).toMatchObject({
      waitsFor: 'nothing',
      approvedBy: ['person:bob'],
      approval: { given: ['bob'] },
    });
  });

  it('shows each step as it is in the journal: undone before done, waiting where nothing is written', () => {
    const { id } = testEngine.running('watch');
    const journal = testEngine.store.db.$client.prepare(
      'INSERT INTO steps (deployment_id, position, direction, name, status, started_at, ended_at) VALUES (?, ?, ?, ?, ?, 1, 2)',
    );
    write(() => {
      journal.run(id, 0, 'forward', 'expand-schema', 'done');
      journal.run(id, 1, 'forward', 'start-preview', 'done');
      journal.run(id, 1, 'unwinding', 'start-preview', 'done');
      journal.run(id, 2, 'forward', 'check-health', 'skipped');
    });
    expect(
      shown(id)
        .steps.slice(0, 4)
        .map(({ status }) => status),
    ).toEqual(['done', 'undone', 'skipped', 'waiting']);
  });

  it.each<[what: string, role: Role, change: Partial<SlotRow>, kept: object | undefined]>([
    [
      'the side that it left, for the newest',
      'preview',
      { label: 'failed', deploymentId: 'd_live' },
      { slot: 'green', label: 'failed' },
    ],
    ['a side that another deployment fills now', 'preview', { label: null, deploymentId: 'd_next' }, undefined],
    ['a side of another deployment', 'preview', { label: 'failed', deploymentId: 'd_other' }, undefined],
    ['a side that serves', 'active', { deploymentId: 'd_live' }, undefined],
    ['no side', 'idle', { version: null, digest: null, deploymentId: null }, undefined],
  ])('that failed keeps %s', (_, role, change, kept) => {
    const { id } = testEngine.running('watch');
    testEngine.ended(id);
    if (role === 'active') set('blue', { role: 'standby' });
    set('green', { role, version: 'v2.1', digest: digestOf('v2.1'), ...change });
    if (kept === undefined) expect(shown(id).kept).toBeUndefined();
    else expect(shown(id).kept).toMatchObject(kept);
  });

  it('warns of a lock while it runs, and of nothing once it has ended', () => {
    const { id } = testEngine.running('watch');
    testEngine.engine.lock({ actor: alice, reason: 'stock-taking' });
    expect(shown(id).warnings.join()).toMatch(/locked by alice: stock-taking.*only 1 smoke tests/);
    testEngine.ended(id);
    expect(shown(id)).toMatchObject({ warnings: [], outcome: { kind: 'failed', code: 'failed', actor: 'engine' } });
  });
});

describe('the size of a change', () => {
  const measured = (version: string, bytes: number | null, files: number | null) =>
    write((tx) =>
      addRelease(tx, {
        service: 'shop',
        version,
        digest: digestOf(version),
        folder: '/x',
        registeredAt: 1,
        bytes,
        files,
      }),
    );

  it('is that of both releases, where both were measured', () => {
    measured('v3.0', 100, 3);
    measured('v4.0', 250, 5);
    measured('v5.0', null, null);
    const { db } = testEngine.store;
    const of = (version: string, from: string | null) => changeOf(db, { service: 'shop', version, from });
    expect(of('v4.0', 'v3.0')).toEqual({ bytes: 250, files: 5, bytesBefore: 100, filesBefore: 3 });
    expect(of('v4.0', null)).toEqual({ bytes: 250, files: 5, bytesBefore: undefined, filesBefore: undefined });
    expect(of('v4.0', 'v5.0')).toEqual({ bytes: 250, files: 5, bytesBefore: undefined, filesBefore: undefined });
    expect([of('v5.0', 'v4.0'), of('v9', 'v4.0')]).toEqual([undefined, undefined]);
  });
});
