// No state without a legal way out, of what waits: every status of a request, a pause by whom it may be, a suspended target, an
// approval whose plan has changed, with every ending of its deadline, a freeze that holds, a canary that cannot be judged, a drill,
// and the approval after the promotion.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActionName } from '../../api/deployment.ts';
import type { WaitingView } from '../../api/waiting.ts';
import type { OnTimeout } from '../../domain/deployment.ts';
import { askedKey, putSnapshot } from '../../state/snapshots.ts';
import { setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { type DrillMemory, putDrill } from '../drill/memory.ts';
import { steps } from '../run/steps/registry.ts';
import {
  alice,
  bob,
  carol,
  ci,
  codeOf,
  digestOf,
  rowOf,
  startTestEngine,
  type TestEngine,
} from '../verbs/testing/test-engine.ts';

let testEngine: TestEngine;
beforeEach(() => {
  testEngine = startTestEngine();
  testEngine.serving();
});
afterEach(() => testEngine.remove());

const engine = () => testEngine.engine;

/** A fresh state, with other lines of the target. */
function again(target: string, standby?: string): void {
  testEngine.remove();
  testEngine = startTestEngine(target);
  testEngine.serving(standby);
}
const offered = (id: string): readonly ActionName[] | undefined =>
  engine()
    .deployment(id)
    ?.actions.map(({ name }) => name);

/** Every status that waits, and how a request comes to it. */
const laid: Readonly<
  Record<Extract<WaitingView['status'], 'scheduled' | 'queued'>, () => ReturnType<TestEngine['engine']['request']>>
> = {
  scheduled: () => engine().request({ version: 'v2.0', actor: alice, at: '23:59', zone: 'UTC' }),
  queued: () => {
    testEngine.running('watch');
    return engine().request({ version: 'v2.0', actor: alice });
  },
};

describe('a request that waits', () => {
  it.each(Object.entries(laid))(
    'as %s is put first and cancelled by another person, also under a lock',
    (status, lay) => {
      const asked = lay();
      if (!asked.ok || asked.value.kind !== 'waiting') throw new Error('it does not wait');
      const { id } = asked.value.waiting;
      expect(asked.value.waiting.status).toBe(status);
      engine().lock({ actor: carol, reason: 'stock-taking' });
      expect(codeOf(engine().putFirst(id, bob, 'the outage'))).toBe('ok');
      expect(codeOf(engine().cancelWaiting(id, bob))).toBe('ok');
      const left = engine().waiting({});
      expect(left.ok && left.value.now).toEqual([]);
    },
  );
});

describe('a deployment that is paused', () => {
  it.each(['person:bob', 'engine', 'monitor:prometheus'])('by %s is resumed, or given up, by a person', (pausedBy) => {
    const { id } = testEngine.running('watch', { pausedAt: testEngine.clock.now(), pausedBy });
    expect(offered(id)).toEqual(['resume', 'abort']);
    expect(codeOf(engine().resume({ id }, bob))).toBe('ok');
    expect(codeOf(engine().abort({ id }, bob))).toBe('ok');
  });
});

describe('a target whose automation is suspended', () => {
  it('takes the deployment of a machine again once a person resumes it', () => {
    expect(codeOf(engine().suspend({ actor: bob, reason: 'a look first' }))).toBe('ok');
    expect(codeOf(engine().deploy({ version: 'v2.0', actor: ci }))).toBe('target-suspended');
    expect(codeOf(engine().unsuspend({ actor: alice }))).toBe('ok');
    expect(codeOf(engine().deploy({ version: 'v2.0', actor: ci }))).toBe('ok');
  });
});

describe('an approval whose plan has changed', () => {
  it.each(['abort', 'hold', 'rollback'] as const satisfies readonly OnTimeout[])(
    'is rejected or given up with onTimeout: %s, also past its deadline',
    (onTimeout) => {
      again(`        approval: { onTimeout: ${onTimeout} }`);
      const { id } = testEngine.running('await-approval');
      testEngine.store.write((tx) => {
        setSlot(tx, shop, 'blue', { version: 'v2.0', digest: digestOf('v2.0') });
        tx.audit({ actor: 'engine', action: 'resumed', sentence: 'another active side' });
      });
      testEngine.clock.advance(2 * 3_600_000);
      expect(offered(id)).toEqual(expect.arrayContaining(['reject', 'abort']));
      expect(offered(id)).not.toContain('approve');
      expect(codeOf(engine().reject({ id }, bob, 'look again'))).toBe('ok');
      expect(codeOf(engine().abort({ id }, bob))).toBe('ok');
    },
  );
});

const moving = steps.filter(({ moves }) => moves !== 'none').map(({ name }) => name);
const freeze = (override: string) =>
  `        processRoles: {}\n        freezes: [{ name: sale, zone: UTC, from: "2020-01-01 00:00", to: "2120-01-01 00:00", override: ${override} }]`;

describe('a deployment that a freeze holds', () => {
  it('is held before each step that moves users or jobs, and before no other', () => {
    expect(moving.toSorted()).toEqual(['hand-over-roles', 'promote', 'shift-traffic']);
  });

  describe.each(moving)('before %s', (step) => {
    it.each(['approvers', 'people'])(
      'goes on with a reason where %s may override it, also under a lock',
      (override) => {
        again(freeze(override));
        const { id } = testEngine.running(step);
        engine().lock({ actor: carol, reason: 'stock-taking' });
        expect(offered(id)).toEqual(['continue', 'abort']);
        expect(codeOf(engine().continueFrozen({ id }, bob, ''))).toBe('reason-missing');
        expect(codeOf(engine().continueFrozen({ id }, bob, 'nearly done'))).toBe('ok');
        expect(offered(id)).toContain('pause');
      },
    );

    it.each(['approvers', 'people', 'nobody'])(
      'is given up where %s may override it, also while it is paused',
      (override) => {
        again(freeze(override));
        const { id } = testEngine.running(step);
        expect(offered(id)).toContain('abort');
        expect(codeOf(engine().pause({ id }, bob))).toBe('ok');
        expect(offered(id)).toEqual(['resume', 'abort']);
        expect(codeOf(engine().abort({ id }, bob))).toBe('ok');
      },
    );

    it('is taken back by a rollback', () => {
      again(freeze('nobody'));
      const { id } = testEngine.running(step);
      expect(engine().rollback({ actor: bob })).toMatchObject({ ok: true, value: { id } });
    });
  });
});

describe('a canary that cannot be judged, about which people are asked', () => {
  it.each(['resume', 'abort'] as const)('takes their %s, also when they come too late and under a lock', (name) => {
    const pausedAt = testEngine.clock.now();
    const { id } = testEngine.running('watch', { pausedAt, pausedBy: 'engine' });
    const position = rowOf(testEngine, id)?.position ?? 0;
    testEngine.store.note((db) =>
      putSnapshot(db, askedKey(id, position), { at: pausedAt, watchedMs: 60_000 }, pausedAt),
    );
    testEngine.clock.advance(48 * 3_600_000);
    engine().lock({ actor: carol, reason: 'stock-taking' });
    expect(offered(id)).toEqual(['resume', 'abort']);
    expect(codeOf(engine()[name]({ id }, bob))).toBe('ok');
  });
});

describe('a target with a rollback drill', () => {
  const at = 1;
  it.each<[string, DrillMemory]>([
    ['is asked for', { asked: { by: 'person:alice', at } }],
    ['runs', { running: { by: 'person:alice', at, slot: 'green', isStarted: true } }],
    ['is being put back', { running: { by: 'engine', at, slot: 'green', isStarted: false, isEnded: true } }],
  ])('that %s is deployed to, and rolled back, all the same', (_, memory) => {
    for (const act of [
      () => engine().rollback({ actor: bob }),
      () => engine().deploy({ version: 'v2.1', actor: alice }),
      () => engine().switch({ actor: alice }),
    ]) {
      again('', 'v2.0');
      testEngine.store.note((db, now) => putDrill(db, shop, memory, now));
      expect(codeOf(engine().drill({ actor: bob }))).toBe('already-decided');
      expect(codeOf(act())).toBe('ok');
    }
  });
});

describe('an approval at 100 %, after the promotion', () => {
  it('takes every offer', () => {
    const acts = {
      approve: (id: string) => engine().approve({ id }, bob),
      reject: (id: string) => engine().reject({ id }, bob, 'orders are missing'),
      extend: (id: string) => engine().extend({ id }, bob),
      rollback: () => engine().rollback({ actor: bob }),
      pause: (id: string) => engine().pause({ id }, bob),
    };
    for (const [name, act] of Object.entries(acts)) {
      again('        canary: []\n        approval: { afterPromotion: true, onTimeout: rollback }');
      const { id } = testEngine.running('await-approval', { promotedAt: testEngine.clock.now() });
      testEngine.store.write((tx) => {
        setSlot(tx, shop, 'blue', { role: 'standby' });
        setSlot(tx, shop, 'green', { role: 'active', version: 'v2.1', digest: digestOf('v2.1') });
        tx.audit({ actor: 'engine', action: 'resumed', sentence: 'all users were moved' });
      });
      expect(offered(id)).toEqual(Object.keys(acts).toSorted(byOffer));
      expect([name, codeOf(act(id))]).toEqual([name, 'ok']);
    }
  });
});

const order = ['approve', 'reject', 'extend', 'pause', 'rollback'];
const byOffer = (one: string, other: string): number => order.indexOf(one) - order.indexOf(other);
