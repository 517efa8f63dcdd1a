// No state without a legal way out, of what waits: every status of a request, a pause by whom it may be, a suspended target, and an
// approval whose plan has changed, with every ending of its deadline.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WaitingView } from '../../api/waiting.ts';
import type { OnTimeout } from '../../domain/deployment.ts';
import { setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import {
  alice,
  bob,
  carol,
  ci,
  codeOf,
  digestOf,
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
    const names = engine()
      .deployment(id)
      ?.actions.map(({ name }) => name);
    expect(names).toEqual(['resume', 'abort']);
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
      testEngine.remove();
      testEngine = startTestEngine(`        approval: { onTimeout: ${onTimeout} }`);
      testEngine.serving();
      const { id } = testEngine.running('await-approval');
      testEngine.store.write((tx) => {
        setSlot(tx, shop, 'blue', { version: 'v2.0', digest: digestOf('v2.0') });
        tx.audit({ actor: 'engine', action: 'resumed', sentence: 'another active side' });
      });
      testEngine.clock.advance(2 * 3_600_000);
      const names = engine()
        .deployment(id)
        ?.actions.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['reject', 'abort']));
      expect(names).not.toContain('approve');
      expect(codeOf(engine().reject({ id }, bob, 'look again'))).toBe('ok');
      expect(codeOf(engine().abort({ id }, bob))).toBe('ok');
    },
  );
});
