// What an approval needs beyond one approver: time to look, more people for a risky release, or one in an emergency.

import { afterEach, describe, expect, it } from 'vitest';
import { setSlot } from '../../state/targets.ts';
import { shop } from '../../state/testing/state.ts';
import { type Flow, startFlow } from '../../testing/flow.ts';
import {
  alice,
  bob,
  carol,
  ci,
  codeOf,
  dave,
  digestOf,
  startTestEngine,
  type TestEngine,
} from './testing/test-engine.ts';

let testEngine: TestEngine | undefined;
let flow: Flow | undefined;
afterEach(async () => {
  testEngine?.remove();
  await flow?.close();
  testEngine = undefined;
  flow = undefined;
});

function waiting(approval: string) {
  const made = startTestEngine(`        approval: { ${approval} }`);
  testEngine = made;
  made.serving();
  return { ...made, ref: { id: made.running('await-approval').id } };
}

const rows = (engine: TestEngine['engine'], action: string) =>
  engine.audit.after(0, 1_000).filter((row) => row.action === action);

describe('an approval', () => {
  it('does not count before its minimum wait is over, and may be refused at any time', () => {
    const { engine, ref, clock } = waiting('minimumWait: 10m');
    expect(codeOf(engine.approve(ref, bob))).toBe('too-early');
    expect(codeOf(engine.promote(ref, bob))).toBe('too-early');
    const { askedAt = 0, opensAt } = engine.deployment(ref.id)?.approval ?? {};
    expect(opensAt).toBe(askedAt + 600_000);
    clock.advance(600_000);
    expect(codeOf(engine.approve(ref, bob))).toBe('ok');
  });

  it('whose plan has changed is shown as stale, without its button', () => {
    const { engine, ref, store } = waiting('count: 1');
    const names = () => engine.deployment(ref.id)?.actions.map(({ name }) => name);
    expect(names()).toContain('approve');
    store.write((tx) => {
      setSlot(tx, shop, 'blue', { version: 'v2.0', digest: digestOf('v2.0') });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'another active side' });
    });
    expect(engine.deployment(ref.id)?.approval).toMatchObject({ status: 'pending', stale: true });
    expect(names()).not.toContain('approve');
    expect(names()).toContain('reject');
    expect(codeOf(engine.approve(ref, bob))).toBe('stale-plan');
  });
});

describe('in an emergency', () => {
  it('one named person approves alone, also their own deployment, with a reason that the log keeps', () => {
    const { engine, ref } = waiting('count: 2, minimumWait: 10m, breakGlass: [alice]');
    expect(codeOf(engine.approve(ref, alice))).toBe('four-eyes');
    expect(codeOf(engine.approve(ref, alice, { breakGlass: ' ' }))).toBe('reason-missing');
    expect(codeOf(engine.approve(ref, alice, { breakGlass: 'payments are down' }))).toBe('ok');
    expect(engine.deployment(ref.id)?.approval).toMatchObject({ status: 'approved', decidedBy: 'person:alice' });
    expect(rows(engine, 'glass-broken')).toMatchObject([
      {
        actor: 'person:alice',
        sentence: expect.stringMatching(/alone in an emergency.*2 approvals.*payments are down/),
      },
    ]);
    expect(codeOf(engine.approve(ref, alice, { breakGlass: 'again' }))).toBe('already-decided');
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });

  it('nobody else does, and neither over a lock nor for another plan', () => {
    const { engine, ref, store } = waiting('breakGlass: [alice]');
    for (const actor of [bob, dave, ci])
      expect(codeOf(engine.approve(ref, actor, { breakGlass: 'payments are down' }))).toBe('not-approver');
    engine.lock({ actor: carol, reason: 'stock-taking' });
    expect(codeOf(engine.approve(ref, alice, { breakGlass: 'payments are down' }))).toBe('target-locked');
    engine.unlock({ actor: carol });
    store.write((tx) => {
      setSlot(tx, shop, 'blue', { version: 'v2.0', digest: digestOf('v2.0') });
      tx.audit({ actor: 'engine', action: 'resumed', sentence: 'another active side' });
    });
    expect(codeOf(engine.approve(ref, alice, { breakGlass: 'payments are down' }))).toBe('stale-plan');
  });

  it('nobody does where the configuration names nobody', () => {
    const { engine, ref } = waiting('count: 1');
    expect(codeOf(engine.approve(ref, bob, { breakGlass: 'payments are down' }))).toBe('not-approver');
  });
});

describe('a release of high risk', () => {
  const risky = { 'bluegreen.release.yaml': 'risk: high\n' };

  it('needs the people of its own rule, also where its plan would ask nobody', async () => {
    flow = await startFlow({
      options: '\n    canary: []\n    bake: 1s\n    approval: { highRisk: { count: 2, approvers: [bob, carol] } }',
    });
    await flow.live('v1');
    await flow.live('v2');
    flow.layRelease('v9', risky);
    const plan = await flow.people.plan({ version: 'v9', actor: alice });
    expect(plan.ok && plan.value.run?.risk).toBe('high');
    const id = flow.ask('v9');
    await flow.at(id, 'await-approval');
    expect(flow.view(id).approval).toMatchObject({ needed: 2, approvers: ['bob', 'carol'] });
    expect(codeOf(flow.people.approve({ id }, bob))).toBe('ok');
    expect(flow.view(id).approval?.status).toBe('pending');
    expect(codeOf(flow.people.approve({ id }, carol))).toBe('ok');
    expect((await flow.finish(id)).outcome?.kind).toBe('promoted');
  });
});

describe('a reminder', () => {
  it('comes once before the deadline, whichever process waits, and once more after an extension', async () => {
    flow = await startFlow({
      options: '\n    canary: []\n    bake: 1s\n    approval: { beforeTraffic: true, deadline: 1h, reminder: 10m }',
    });
    const id = flow.ask('v1');
    await flow.at(id, 'await-approval');
    const reminders = () => flow?.story().filter((row) => row.startsWith('approval-reminder')) ?? [];
    await flow.wait(id, 49 * 60_000);
    expect(reminders()).toEqual([]);
    await flow.wait(id, 2 * 60_000);
    expect(reminders()).toEqual([expect.stringMatching(/v1 waits for approval, and its time ends in \d+ min/)]);
    flow.restart();
    await flow.wait(id, 60_000);
    expect(reminders()).toHaveLength(1);
    expect(codeOf(flow.people.extend({ id }, bob))).toBe('ok');
    await flow.wait(id, 29 * 60_000);
    expect(reminders()).toHaveLength(2);
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'aborted', code: 'approval-expired' });
    expect(reminders()).toHaveLength(2);
  });
});
