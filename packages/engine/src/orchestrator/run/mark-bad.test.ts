// Which endings mark a release bad, and what a marked release may not do: on a real state, each outcome by its cause.

import { afterEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../domain/actor.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { type DeploymentRow, readDeployment } from '../../state/deployments.ts';
import { intendRouting, readQuarantine, setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { alice, bob, ci, codeOf, digestOf, startTestEngine, type TestEngine } from '../verbs/testing/test-engine.ts';
import { markTakenBack } from './mark-bad.ts';

let testEngine: TestEngine;
afterEach(() => testEngine.remove());

interface Case {
  readonly code: ReasonCode;
  readonly share?: number;
  readonly change?: Partial<DeploymentRow>;
  readonly actor?: string;
}

/** The mark that a deployment of v2.1 leaves when it is reverted for this reason. */
function markAfter({ code, share = 0, change = {}, actor = 'engine' }: Case): string | undefined {
  testEngine = startTestEngine();
  testEngine.serving();
  const { id } = testEngine.running('watch', change);
  testEngine.store.write((tx) => {
    if (share > 0)
      intendRouting(tx, shop, { active: 'blue', preview: undefined, canary: { slot: 'green', percent: share } });
    const row = readDeployment(tx.db, id);
    if (row) markTakenBack(tx, row, { code, sentence: `because of ${code}`, actor });
    tx.audit({ actor: 'engine', action: 'resumed', sentence: 'turned back' });
  });
  return readQuarantine(testEngine.store.db, digestOf('v2.1'))?.reason;
}

describe('a release is marked bad', () => {
  it.each<[string, Case]>([
    ['by a failed verdict', { code: 'canary-failed', share: 10 }],
    ['by ill health in a canary', { code: 'side-unhealthy', share: 10 }],
    ['by a crash in a canary', { code: 'side-crashed', share: 10 }],
    ['by a crash in the bake', { code: 'side-crashed', change: { promotedAt: 1 } }],
    ['when it is not proved live', { code: 'not-proved', change: { promotedAt: 1 } }],
    ['by a smoke test that fails with everybody on it', { code: 'smoke-test-failed', change: { promotedAt: 1 } }],
    [
      'when a person takes it back after promotion',
      { code: 'given-up', change: { promotedAt: 1 }, actor: 'person:bob' },
    ],
    ['when a switch to it is taken back', { code: 'side-unhealthy', change: { promotedAt: 1, mode: 'switch' } }],
    ['when a rollback to it crashes', { code: 'side-crashed', change: { promotedAt: 1, mode: 'rollback' } }],
  ])('%s', (_, given) => {
    expect(markAfter(given)).toBe(`because of ${given.code}`);
    const [row] = testEngine.engine.audit.after(0, 100).filter(({ action }) => action === 'release-marked-bad');
    expect(row).toMatchObject({ actor: given.actor ?? 'engine', deploymentId: 'd_live', service: 'shop' });
  });

  it.each<[string, Case]>([
    ['an approval that expired', { code: 'approval-expired', share: 10 }],
    ['a side that was stopped by hand, or with the machine', { code: 'side-stopped', share: 10 }],
    ['an inconclusive canary', { code: 'inconclusive', share: 10 }],
    ['a hold that expired', { code: 'hold-expired' }],
    ['a plain abort in the canary', { code: 'given-up', share: 10, actor: 'person:bob' }],
    ['a reject', { code: 'rejected', share: 10, actor: 'person:bob' }],
    ['a slot that something else runs in', { code: 'slot-in-use' }],
    ['a balancer that drifted', { code: 'drifted', change: { promotedAt: 1 } }],
    ['a step that took too long', { code: 'step-timeout', share: 10 }],
    ['a fault of the engine', { code: 'fault', share: 10 }],
    ['a schema that is in the way', { code: 'schema-incompatible', share: 10 }],
    ['a failed preview that no user had', { code: 'side-crashed' }],
    [
      'the move between two sides of one digest',
      {
        code: 'side-crashed',
        change: { promotedAt: 1, mode: 'redeploy', fromDigest: digestOf('v2.1') },
      },
    ],
    ['a rollback that a person gives up', { code: 'given-up', change: { promotedAt: 1, mode: 'rollback' } }],
    ['a rollback that is not proved', { code: 'not-proved', change: { promotedAt: 1, mode: 'rollback' } }],
  ])('not by %s', (_, given) => {
    expect(markAfter(given)).toBeUndefined();
  });
});

describe('a release that is marked bad', () => {
  /** v1.0 is live; v2.1, which alice asked for, is a warm standby and was taken back. */
  function marked(): TestEngine['engine'] {
    expect(markAfter({ code: 'side-crashed', change: { promotedAt: 1 } })).toBeDefined();
    testEngine.store.write((tx) => {
      tx.db.$client
        .prepare(
          "UPDATE deployments SET outcome = 'rolled-back', finished_at = ?, phase = 'finished' WHERE id = 'd_live'",
        )
        .run(tx.now);
      setSlot(tx, shop, 'green', { role: 'standby', version: 'v2.1', digest: digestOf('v2.1'), label: 'failed' });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'taken back' });
    });
    return testEngine.engine;
  }
  const clear = (engine: TestEngine['engine'], actor: Actor, reason = 'the database was down') =>
    engine.storedReleases.clearMark({ version: 'v2.1', reason, actor });

  it('is not switched to, nor rolled back to by its name, by any person', () => {
    const engine = marked();
    for (const actor of [alice, bob, ci]) {
      expect(codeOf(engine.switch({ actor }))).toBe('quarantined');
      expect(engine.rollback({ actor, version: 'v2.1' })).toMatchObject({ ok: false });
    }
    const answer = engine.switch({ actor: alice });
    expect(!answer.ok && answer.refusal.hint).toMatch(/deploy v2\.1.*bg release clear v2\.1/);
  });

  it('is deployed by a person, and not by a machine', () => {
    const engine = marked();
    expect(codeOf(engine.deploy({ version: 'v2.1', actor: ci }))).toBe('quarantined');
    expect(codeOf(engine.deploy({ version: 'v2.1', actor: alice }))).toBe('ok');
  });

  it('is cleared with a reason, by a person who could approve it', () => {
    const engine = marked();
    expect(codeOf(clear(engine, bob, '  '))).toBe('reason-missing');
    expect(codeOf(clear(engine, alice))).toBe('four-eyes');
    expect(codeOf(clear(engine, { kind: 'person', id: 'dave', door: 'cli' }))).toBe('not-approver');
    expect(codeOf(clear(engine, ci))).toBe('not-in-team');
    expect(codeOf(engine.switch({ actor: alice }))).toBe('quarantined');
    expect(codeOf(clear(engine, bob))).toBe('ok');
    expect(codeOf(clear(engine, bob))).toBe('not-allowed-now');
    expect(engine.audit.after(0, 100).find(({ action }) => action === 'release-mark-cleared')).toMatchObject({
      actor: 'person:bob',
      sentence: expect.stringMatching(/clears the mark of v2\.1 .*the database was down.*because of side-crashed/),
    });
    expect(codeOf(engine.switch({ actor: alice }))).toBe('ok');
  });
});
