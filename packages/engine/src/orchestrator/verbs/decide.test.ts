// What people decide about a running deployment, and the answer they get when it cannot be.

import { afterEach, describe, expect, it } from 'vitest';
import { readApproval, votesOf } from '../../state/deployments.ts';
import { setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import {
  alice,
  bob,
  carol,
  ci,
  codeOf,
  dave,
  digestOf,
  rowOf,
  startTestEngine,
  type TestEngine,
} from './testing/test-engine.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const waiting = (target?: string) => {
  testEngine = startTestEngine(target);
  testEngine.serving();
  return { ...testEngine, ref: testEngine.running('await-approval') };
};
const at = (step: Parameters<TestEngine['running']>[0], change: Parameters<TestEngine['running']>[1] = {}) => {
  testEngine = startTestEngine();
  testEngine.serving();
  return { ...testEngine, ref: testEngine.running(step, change) };
};
const approval = () =>
  testEngine.store.db.$client
    .prepare('SELECT status, decided_by AS by, deadline_at AS deadline FROM approvals')
    .get() as {
    status: string;
    by: string | null;
    deadline: number;
  };
const actions = () =>
  testEngine.engine.audit.after(0, 2_000).map(({ action, code }) => (code ? `${action} ${code}` : action));
const signals = () =>
  testEngine.store.db.$client.prepare('SELECT kind, position FROM signals').all() as {
    kind: string;
    position: number;
  }[];

describe('an approval', () => {
  it('is given by an approver who is not the requester, once', () => {
    const { engine, ref } = waiting();
    expect(codeOf(engine.approve(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.approve(ref, dave))).toBe('not-approver');
    expect(codeOf(engine.approve(ref, ci))).toBe('not-approver');
    expect(approval().status).toBe('pending');
    expect(codeOf(engine.approve(ref, bob))).toBe('ok');
    expect(approval()).toMatchObject({ status: 'approved', by: 'person:bob' });
    expect(engine.approve(ref, carol)).toMatchObject({
      ok: false,
      refusal: { code: 'already-decided', sentence: expect.stringContaining('bob') },
    });
    expect(actions()).toEqual(
      expect.arrayContaining(['refused four-eyes', 'refused not-approver', 'approved', 'refused already-decided']),
    );
  });

  it('of two people needs two', () => {
    const { engine, ref } = waiting('        approval: { count: 2 }');
    expect(codeOf(engine.approve(ref, bob))).toBe('ok');
    expect(approval().status).toBe('pending');
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('already-decided');
    expect(codeOf(engine.approve({ id: ref.id }, carol))).toBe('ok');
    expect(approval().status).toBe('approved');
    expect(votesOf(testEngine.store.db, 'd_live.a')).toEqual(['person:bob', 'person:carol']);
  });

  it('is refused with a reason only, also by the requester of the deployment', () => {
    const { engine, ref } = waiting();
    expect(codeOf(engine.reject(ref, bob, '  '))).toBe('reason-missing');
    expect(codeOf(engine.reject(ref, dave, 'no'))).toBe('not-approver');
    expect(codeOf(engine.reject(ref, alice, 'wrong prices'))).toBe('ok');
    expect(approval()).toMatchObject({ status: 'rejected', by: 'person:alice' });
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('already-decided');
  });

  it('decided by fifty clicks of three processes at once is decided exactly once', async () => {
    const { open, ref } = waiting();
    const engines = [open('bot'), open('webhook'), open('cli')];
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, click) => {
        const engine = engines[click % engines.length] ?? testEngine.engine;
        return click % 2 === 0 ? engine.approve(ref, bob) : engine.reject(ref, carol, 'no');
      }),
    );
    const codes = answers.map(codeOf);
    expect(codes.filter((code) => code === 'ok')).toHaveLength(1);
    expect(new Set(codes)).toEqual(new Set(['ok', 'already-decided']));
    expect(actions().filter((action) => action === 'approved' || action === 'rejected')).toHaveLength(1);
    expect(testEngine.engine.audit.verify()).toMatchObject({ intact: true });
  });

  it('is void on a card of an earlier state', () => {
    const { engine, ref } = waiting();
    engine.pause(ref, bob);
    expect(codeOf(engine.approve(ref, bob))).toBe('stale-card');
    expect(codeOf(engine.extend(ref, bob))).toBe('stale-card');
    expect(approval().status).toBe('pending');
  });

  it('is void when the plan it was asked for is not the plan any more', () => {
    const { engine, ref, store } = waiting();
    store.write((tx) => {
      setSlot(tx, shop, 'blue', { version: 'v2.0', digest: digestOf('v2.0') });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'another active side' });
    });
    expect(codeOf(engine.approve(ref, bob))).toBe('stale-plan');
    expect(approval().status).toBe('pending');
  });

  it('is not given over a lock, not even by its owner', () => {
    const { engine, ref } = waiting();
    engine.lock({ actor: carol, reason: 'stock-taking' });
    expect(codeOf(engine.approve(ref, bob))).toBe('target-locked');
    expect(codeOf(engine.approve(ref, carol))).toBe('target-locked');
    engine.unlock({ actor: carol });
    expect(codeOf(engine.approve(ref, carol))).toBe('ok');
  });

  it('is not given after its deadline, unless it is extended', () => {
    const { engine, ref, clock } = waiting();
    clock.advance(3_600_001);
    expect(codeOf(engine.approve(ref, bob))).toBe('already-decided');
    const before = approval().deadline;
    expect(codeOf(engine.extend(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.extend(ref, dave))).toBe('not-approver');
    expect(codeOf(engine.extend(ref, ci))).toBe('not-approver');
    expect(codeOf(engine.extend(ref, bob))).toBe('ok');
    expect(approval().deadline).toBeGreaterThan(before + 29 * 60_000);
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('ok');
  });

  it('does not run out while the deployment is paused', () => {
    const { engine, ref, clock } = waiting();
    const before = approval().deadline;
    engine.pause(ref, bob);
    clock.advance(7_200_000);
    engine.resume({ id: ref.id }, bob);
    expect(approval().deadline).toBeGreaterThanOrEqual(before + 7_200_000);
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('ok');
  });

  it('given by promote is an approval; by promote --full it skips the rest as well', () => {
    const { engine, ref } = waiting();
    expect(codeOf(engine.promote(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.promote(ref, bob, { full: true }))).toBe('ok');
    expect(approval().status).toBe('approved');
    expect(signals().map(({ kind }) => kind)).toEqual(['promote-full']);
  });
});

describe('promote', () => {
  it('ends a watch, by an approver who is not the requester; a second click on the same card does nothing more', () => {
    const { engine, ref } = at('watch');
    expect(codeOf(engine.promote(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.promote(ref, dave))).toBe('not-approver');
    expect(codeOf(engine.promote(ref, bob))).toBe('ok');
    expect(codeOf(engine.promote(ref, bob))).toBe('stale-card');
    expect(signals()).toEqual([{ kind: 'promote', position: rowOf(testEngine, ref.id)?.position }]);
  });

  it('twice from a shell applies only to the step it was given at', () => {
    const { engine, ref } = at('watch');
    engine.promote({ id: ref.id }, bob);
    engine.promote({ id: ref.id }, bob);
    expect(new Set(signals().map(({ position }) => position))).toEqual(new Set([rowOf(testEngine, ref.id)?.position]));
  });

  it('promotes from a hold without being an approver, to all users only as an approver', () => {
    const { engine, ref } = at('hold');
    expect(codeOf(engine.promote(ref, dave, { full: true }))).toBe('not-approver');
    expect(codeOf(engine.promote(ref, dave))).toBe('ok');
  });

  it('is not possible over a lock of another, while paused, while it is reverted, or in other steps', () => {
    const { engine, ref } = at('watch');
    engine.lock({ actor: carol, reason: 'stock-taking' });
    expect(codeOf(engine.promote(ref, bob))).toBe('target-locked');
    engine.unlock({ actor: carol });
    engine.pause(ref, bob);
    expect(codeOf(engine.promote({ id: ref.id }, bob))).toBe('not-allowed-now');
    testEngine.remove();
    const later = at('bake', { promotedAt: 1 });
    expect(codeOf(later.engine.promote(later.ref, bob))).toBe('not-allowed-now');
    testEngine.remove();
    const back = at('watch', { direction: 'unwinding' });
    expect(codeOf(back.engine.promote(back.ref, bob))).toBe('not-allowed-now');
  });
});

describe('pause and resume', () => {
  it('take turns', () => {
    const { engine, ref } = at('watch');
    expect(codeOf(engine.resume(ref, alice))).toBe('not-allowed-now');
    expect(engine.pause(ref, alice)).toMatchObject({ ok: true, value: { paused: { by: 'person:alice' } } });
    expect(codeOf(engine.pause({ id: ref.id }, bob))).toBe('already-decided');
    expect(engine.resume({ id: ref.id }, bob)).toMatchObject({ ok: true, value: { paused: undefined } });
  });

  it('do not hold up the way back', () => {
    const { engine, ref } = at('watch', { direction: 'unwinding' });
    expect(codeOf(engine.pause(ref, alice))).toBe('not-allowed-now');
  });
});

describe('abort', () => {
  it('is one signal, and the second person is notified of the first', () => {
    const { engine, ref } = at('check-health');
    expect(codeOf(engine.abort(ref, alice, 'wrong version'))).toBe('ok');
    expect(engine.abort({ id: ref.id }, bob)).toMatchObject({
      ok: false,
      refusal: { code: 'already-decided', sentence: expect.stringContaining('alice') },
    });
    expect(signals()).toHaveLength(1);
  });

  it('of what is over, or was never there, is refused', () => {
    const { engine, ref } = at('watch');
    testEngine.ended(ref.id);
    expect(codeOf(engine.abort({ id: ref.id }, alice))).toBe('not-allowed-now');
    expect(codeOf(engine.approve({ id: ref.id }, bob))).toBe('not-allowed-now');
    expect(codeOf(engine.abort({ id: 'd_nothing' }, alice))).toBe('no-such-deployment');
    expect(readApproval(testEngine.store.db, ref.id, 0)).toBeUndefined();
  });
});
