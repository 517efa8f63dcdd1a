// Every verb, and everything it refuses: by which rule, that nothing was changed, and that it was written.

import { afterEach, describe, expect, it } from 'vitest';
import type { Result } from '../../domain/refusal.ts';
import { addQuarantine, readSlot, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import {
  alice,
  bob,
  ci,
  codeOf,
  digestOf,
  eve,
  everythingIn,
  expectRefused,
  startTestEngine,
  type TestEngine,
} from './testing/test-engine.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const set = (standby?: string, target?: string): TestEngine => {
  testEngine = startTestEngine(target);
  testEngine.serving(standby);
  return testEngine;
};

const refused = (act: () => Result<unknown>, code: string): void => expectRefused(testEngine, act, code);

describe('deploy', () => {
  it('is one row and one audit row, and names mode, slot and origin', () => {
    const { engine } = set();
    expect(engine.deploy({ version: 'v2.1', actor: alice, reason: '  new prices ' })).toMatchObject({
      ok: true,
      value: {
        mode: 'deploy',
        slot: 'green',
        from: { slot: 'blue', version: 'v1.0' },
        phase: 'fetching',
        reason: 'new prices',
      },
    });
    expect(engine.audit.after(0, 100).filter(({ action }) => action === 'deployment-requested')).toHaveLength(1);
  });

  it('refuses names that do not exist, and names the nearest', () => {
    const { engine } = set();
    refused(() => engine.deploy({ service: 'shpo', version: 'v2.1', actor: alice }), 'target-unknown');
    refused(() => engine.deploy({ version: 'v2.2', actor: alice }), 'release-unknown');
    refused(() => engine.deploy({ version: '../../etc', actor: alice }), 'release-unknown');
    const hint = (answer: Result<unknown>) => (answer.ok ? '' : answer.refusal.hint);
    expect(hint(engine.deploy({ service: 'shpo', version: 'v2.1', actor: alice }))).toContain('nearest is shop');
    expect(hint(engine.deploy({ version: 'v2.11', actor: alice }))).toContain('v2.1');
  });

  it('refuses a second one, the same version, the lock of another, and a bad release to a machine', () => {
    const { engine, store } = set();
    refused(() => engine.deploy({ version: 'v1.0', actor: alice }), 'already-active');
    store.write((tx) => {
      addQuarantine(tx, {
        digest: digestOf('v2.0'),
        service: 'shop',
        version: 'v2.0',
        reason: 'wrong prices',
        by: 'person:bob',
        at: tx.now,
      });
      tx.audit({ actor: 'person:bob', action: 'resumed', sentence: 'v2.0' });
    });
    refused(() => engine.deploy({ version: 'v2.0', actor: ci }), 'quarantined');
    engine.lock({ actor: bob, reason: 'stock-taking' });
    refused(() => engine.deploy({ version: 'v2.1', actor: alice }), 'target-locked');
    refused(() => engine.deploy({ version: 'v2.1', actor: bob }), 'target-locked');
    engine.unlock({ actor: bob });
    expect(codeOf(engine.deploy({ version: 'v2.1', actor: bob }))).toBe('ok');
    refused(() => engine.deploy({ version: 'v2.0', actor: bob }), 'target-busy');
  });

  it('plans without doing: every gate’s answer, steps, routing and hash, and the state stays as it is', async () => {
    const { engine } = set('v2.0');
    const before = everythingIn(testEngine);
    const plan = await engine.plan({ version: 'v2.1', actor: eve });
    expect(plan).toMatchObject({
      ok: true,
      value: { mode: 'deploy', slot: 'green', from: 'v1.0', hash: expect.any(String) },
    });
    if (!plan.ok) return;
    expect(plan.value.gates.find(({ name }) => name === 'team')?.refusal?.code).toBe('not-in-team');
    expect(plan.value.warnings.join()).toContain('v2.0');
    expect(plan.value.routing.at(-1)).toBe('100 % v2.1');
    expect(everythingIn(testEngine)).toBe(before);
  });
});

describe('unauthenticated senders', () => {
  it('are refused by every verb, change nothing, and are one audit row per minute and entry point', async () => {
    const { engine, clock } = set('v2.0');
    const ref = testEngine.running('watch');
    const before = everythingIn(testEngine);
    const rows = engine.audit.after(0, 1_000).length;
    const answers = [
      engine.deploy({ version: 'v2.1', actor: eve }),
      engine.approve(ref, eve),
      engine.reject(ref, eve, 'no'),
      engine.promote(ref, eve),
      engine.pause(ref, eve),
      engine.resume(ref, eve),
      engine.abort(ref, eve),
      engine.extend(ref, eve),
      engine.switch({ actor: eve }),
      engine.rollback({ actor: eve }),
      engine.lock({ actor: eve, reason: 'x' }),
      engine.unlock({ actor: eve }),
      engine.restoreFailed({ actor: eve }),
      engine.keepFailed({ actor: eve }),
      engine.settleStandby({ actor: eve, to: 'stop' }),
      await engine.adopt({ actor: eve, slot: 'blue', version: 'v1.0' }),
      await engine.slots.start({ actor: eve, slot: 'green', version: 'v2.1' }),
      await engine.slots.stop({ actor: eve, slot: 'green' }),
    ];
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['not-in-team']));
    expect(everythingIn(testEngine)).toBe(before);
    expect(engine.audit.after(0, 1_000)).toHaveLength(rows);
    const counted = testEngine.store.db.$client.prepare('SELECT sum(count) FROM strangers').pluck().get();
    expect(counted).toBe(answers.length);
    expect(clock.now()).toBeGreaterThan(0);
  });
});

describe('rollback', () => {
  it('goes to the warm standby as soon as that is shown healthy, although the target is locked', () => {
    const { engine } = set('v2.0');
    engine.lock({ actor: bob, reason: 'stock-taking' });
    const answer = engine.rollback({ actor: alice, reason: 'wrong prices' });
    expect(answer).toMatchObject({
      ok: true,
      value: { mode: 'rollback', version: 'v2.0', slot: 'green', phase: 'ready-standby' },
    });
    expect(answer.ok && answer.value.steps.map(({ name }) => name)).toEqual([
      'ready-standby',
      'promote',
      'verify-live',
    ]);
  });

  it('starts a release that is not warm any more, the last good one that users had', () => {
    const { engine, store } = set('v2.0');
    store.write((tx) => {
      setSlot(tx, shop, 'green', { role: 'idle', version: null, digest: null });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'stopped' });
    });
    expect(engine.status().targets[0]?.rollback).toMatchObject({ readiness: 'slow', version: 'v2.0' });
    expect(engine.rollback({ actor: alice })).toMatchObject({
      ok: true,
      value: { version: 'v2.0', phase: 'fetching' },
    });
  });

  it('skips a release that was marked bad and uses the one before it', () => {
    const { engine, store } = set('v2.0');
    store.write((tx) => {
      setSlot(tx, shop, 'blue', { role: 'standby', label: 'failed' });
      setSlot(tx, shop, 'green', { role: 'active', version: 'v2.1', digest: digestOf('v2.1') });
      addQuarantine(tx, {
        digest: digestOf('v2.0'),
        service: 'shop',
        version: 'v2.0',
        reason: 'bad',
        by: 'person:bob',
        at: tx.now,
      });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'arranged' });
    });
    expect(engine.rollback({ actor: alice })).toMatchObject({ ok: true, value: { version: 'v1.0' } });
  });

  it('refuses where there is nothing to go back to, what runs already, and what users never had', () => {
    const { engine } = set();
    refused(() => engine.rollback({ actor: alice }), 'no-rollback-target');
    refused(() => engine.rollback({ actor: alice, version: 'v1.0' }), 'already-active');
    refused(() => engine.rollback({ actor: alice, version: 'v2.1' }), 'no-rollback-target');
    refused(() => engine.rollback({ actor: alice, version: 'v9' }), 'no-rollback-target');
    expect(engine.status().targets[0]?.rollback.readiness).toBe('blocked');
  });

  it('reverts a running deployment, once, and refuses another request as decided already', () => {
    const { engine } = set();
    testEngine.running('watch');
    expect(engine.rollback({ actor: alice, reason: 'too slow' })).toMatchObject({ ok: true, value: { id: 'd_live' } });
    refused(() => engine.rollback({ actor: bob }), 'already-decided');
    refused(() => engine.abort({ id: 'd_live' }, bob), 'already-decided');
  });

  it('is not undone by a second person who asks for the same', () => {
    const { engine } = set('v2.0');
    engine.rollback({ actor: alice });
    refused(() => engine.rollback({ actor: bob }), 'already-decided');
    refused(() => engine.rollback({ actor: bob, version: 'v2.0' }), 'already-decided');
  });

  it('to another release waits until a running deployment is reverted', () => {
    const { engine } = set('v2.0');
    testEngine.running('watch');
    refused(() => engine.rollback({ actor: alice, version: 'v2.0' }), 'target-busy');
  });
});

describe('lock and unlock', () => {
  it('hold a target with a reason until they end', () => {
    const { engine, clock } = set();
    refused(() => engine.lock({ actor: alice, reason: '  ' }), 'reason-missing');
    refused(() => engine.unlock({ actor: alice }), 'not-allowed-now');
    expect(engine.lock({ actor: alice, reason: 'stock-taking', forMs: 60_000 })).toMatchObject({
      ok: true,
      value: { lock: { owner: 'person:alice', reason: 'stock-taking' } },
    });
    refused(() => engine.lock({ actor: bob, reason: 'mine' }), 'target-locked');
    clock.advance(60_001);
    expect(codeOf(engine.lock({ actor: bob, reason: 'mine' }))).toBe('ok');
    refused(() => engine.unlock({ actor: alice }), 'target-locked');
    refused(() => engine.unlock({ actor: alice, of: 'carol' }), 'target-locked');
    expect(engine.unlock({ actor: alice, of: 'bob' })).toMatchObject({ ok: true, value: { lock: undefined } });
    expect(engine.audit.after(0, 100).at(-1)?.sentence).toContain('bob had locked');
  });
});

describe('a lock', () => {
  it('holds its owner: deploy, switch, promote; never a rollback or an abort', () => {
    const { engine } = set('v2.0');
    engine.lock({ actor: alice, reason: 'stock-taking' });
    for (const act of [() => engine.deploy({ version: 'v2.1', actor: alice }), () => engine.switch({ actor: alice })])
      refused(act, 'target-locked');
    const answer = engine.switch({ actor: alice });
    expect(!answer.ok && answer.refusal.hint).toContain('your own lock');
    expect(codeOf(engine.rollback({ actor: alice }))).toBe('ok');
  });
});

describe('the side that serves no users', () => {
  const failedSide = () =>
    testEngine.store.write((tx) => {
      setSlot(tx, shop, 'green', {
        role: 'preview',
        version: 'v2.1',
        digest: digestOf('v2.1'),
        label: 'failed',
        keepUntil: tx.now + 60_000,
      });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'failed' });
    });

  it('when it failed is restored at once, or retained as it is', () => {
    const { engine, store, clock } = set();
    refused(() => engine.restoreFailed({ actor: alice }), 'not-allowed-now');
    failedSide();
    expect(codeOf(engine.keepFailed({ actor: alice }))).toBe('ok');
    expect(readSlot(store.db, shop, 'green').keepUntil).toBeNull();
    failedSide();
    expect(codeOf(engine.restoreFailed({ actor: alice }))).toBe('ok');
    expect(readSlot(store.db, shop, 'green').keepUntil).toBeLessThanOrEqual(clock.now());
  });

  it('when it is a standby is retained, stopped or upgraded, and not while a deployment runs', () => {
    const { engine, store } = set('v2.0');
    engine.settleStandby({ actor: alice, to: 'keep' });
    expect(readSlot(store.db, shop, 'green').keepUntil).toBeNull();
    engine.settleStandby({ actor: alice, to: 'upgrade' });
    expect(readSlot(store.db, shop, 'green').label).toBe('upgrading');
    refused(() => engine.settleStandby({ actor: alice, to: 'stop' }), 'not-allowed-now');
    testEngine.running('watch');
    refused(() => engine.settleStandby({ actor: alice, to: 'stop' }), 'target-busy');
  });
});

describe('a process with another configuration than the controller', () => {
  it('may decide nothing', () => {
    const { engine } = set('v2.0');
    const ref = testEngine.running('watch');
    testEngine.driven('another digest');
    refused(() => engine.pause(ref, alice), 'config-changed');
    refused(() => engine.lock({ actor: alice, reason: 'x' }), 'config-changed');
    refused(() => engine.rollback({ actor: alice }), 'config-changed');
    refused(() => engine.deploy({ version: 'v2.1', actor: alice }), 'config-changed');
    testEngine.clock.advance(60_000);
    expect(codeOf(engine.pause(ref, alice))).toBe('ok');
  });
});
