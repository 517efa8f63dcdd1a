// `switch`: what it moves, what it is bound to, what it refuses.

import { afterEach, describe, expect, it } from 'vitest';
import type { Result } from '../../domain/refusal.ts';
import { setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, bob, codeOf, eve, expectRefused, startTestEngine, type TestEngine } from './testing/test-engine.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

const set = (standby?: string, target?: string): TestEngine => {
  testEngine = startTestEngine(target);
  testEngine.serving(standby);
  return testEngine;
};

const refused = (act: () => Result<unknown>, code: string): void => expectRefused(testEngine, act, code);

describe('switch', () => {
  it('promotes the warm release in the other slot', () => {
    const { engine } = set('v2.0');
    expect(engine.switch({ actor: alice })).toMatchObject({
      ok: true,
      value: { mode: 'switch', version: 'v2.0', slot: 'green' },
    });
  });

  it('to a side that serves already changes nothing and refuses nothing; under way, it is the same switch', () => {
    const { engine } = set('v2.0');
    const rows = engine.audit.after(0, 1_000).length;
    for (const actor of [alice, bob])
      expect(engine.switch({ actor, to: 'blue' })).toMatchObject({
        ok: false,
        refusal: { code: 'already-active', sentence: expect.stringContaining('blue serves already') },
      });
    expect(engine.audit.after(0, 1_000)).toHaveLength(rows);
    expect(codeOf(engine.switch({ actor: eve, to: 'blue' }))).toBe('not-in-team');
    const first = engine.switch({ actor: alice, to: 'green' });
    const second = engine.switch({ actor: bob, to: 'green' });
    expect(first).toMatchObject({ ok: true, value: { mode: 'switch', slot: 'green' } });
    expect(second.ok && first.ok && second.value.id === first.value.id).toBe(true);
    refused(() => engine.switch({ actor: bob }), 'target-busy');
  });

  it('without a side is bound to the one that was live when it was typed', () => {
    const { engine, store, clock } = set('v2.0');
    refused(() => engine.switch({ actor: alice, from: 'green' }), 'already-decided');
    const first = engine.switch({ actor: alice, from: 'blue' });
    store.write((tx) => {
      tx.db.$client
        .prepare(
          "UPDATE deployments SET outcome = 'promoted', finished_at = ?, promoted_at = ?, phase = 'finished' WHERE id = ?",
        )
        .run(tx.now, tx.now, first.ok ? first.value.id : '');
      setSlot(tx, shop, 'blue', { role: 'standby' });
      setSlot(tx, shop, 'green', { role: 'active' });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'switched' });
    });
    // Typed at the same moment, received after the first has ended: it must not move users back.
    refused(() => engine.switch({ actor: bob, from: 'blue' }), 'already-decided');
    const late = engine.switch({ actor: bob });
    expect(!late.ok && late.refusal.sentence).toMatch(/done already by alice.*from v1\.0 to v2\.0 in green/);
    clock.advance(5 * 60_000 + 1);
    expect(codeOf(engine.switch({ actor: bob }))).toBe('ok');
  });

  it('promotes a held preview into the checks of its own plan', () => {
    const { engine } = set();
    const { id } = testEngine.running('hold');
    expect(engine.switch({ actor: bob })).toMatchObject({ ok: true, value: { id } });
    const row = testEngine.store.db.$client.prepare('SELECT kind, actor FROM signals').get();
    expect(row).toEqual({ kind: 'promote', actor: 'person:bob' });
  });

  it('never takes users to a side that was given up before it had its approval', () => {
    const { engine, store } = set('v2.0');
    for (const label of ['aborted', 'failed'] as const) {
      store.write((tx) => {
        setSlot(tx, shop, 'green', { role: 'preview', version: 'v2.1', label });
        tx.audit({ actor: 'engine', action: 'resumed', sentence: 'laid out for a test' });
      });
      refused(() => engine.switch({ actor: bob, to: 'green' }), 'nothing-to-switch');
    }
  });

  it('refuses with nothing there, under the lock of another, and while a deployment runs', () => {
    const { engine } = set();
    refused(() => engine.switch({ actor: alice }), 'nothing-to-switch');
    testEngine.running('watch');
    refused(() => engine.switch({ actor: alice }), 'target-busy');
    engine.lock({ actor: bob, reason: 'stock-taking' });
    refused(() => engine.switch({ actor: alice }), 'target-locked');
  });
});
