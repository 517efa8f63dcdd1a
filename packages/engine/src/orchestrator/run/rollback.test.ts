// The ways back: to a warm standby, to a cold release, through a standby that is ill, and back from a way back.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlotName } from '../../domain/target.ts';
import { readQuarantine, readRelease, readSlot } from '../../state/targets.ts';
import { alice, bob, type Flow, startFlow } from '../../testing/flow.ts';

let flow: Flow;
beforeEach(async () => {
  flow = await startFlow();
  for (const side of ['blue', 'green'] as const) flow.balancers.busy(side, { requests: 1_000 });
  await flow.live('v1');
  await flow.live('v2');
});
afterEach(() => flow.close());

function rollBack(version?: string): string {
  const answer = flow.people.rollback({ actor: bob, reason: 'errors', version });
  if (!answer.ok) throw new Error(`${answer.refusal.code}: ${answer.refusal.sentence}`);
  return answer.value.id;
}

const crash = (slot: SlotName) => flow.environments.crash({ service: 'shop', target: 'production', slot });
const isMarked = (version: string): boolean => {
  const { db } = flow.process().core.store;
  return readQuarantine(db, readRelease(db, 'shop', version)?.digest ?? '') !== undefined;
};
const stepsOf = (id: string) => flow.view(id).steps.map(({ name }) => name);

describe('a rollback to the standby', () => {
  it('moves all users, starts nothing, and marks the release that was left', async () => {
    const started = flow.environments.story.length;
    const id = rollBack();
    const { outcome } = await flow.finish(id);
    expect(stepsOf(id)).toEqual(['ready-standby', 'promote', 'verify-live']);
    expect(outcome).toMatchObject({ kind: 'promoted', code: 'rollback', actor: 'person:bob' });
    expect(outcome?.sentence).toBe('bob rolled back from v2 to v1: it is live');
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 standby (failed)' });
    expect(flow.environments.story.slice(started)).toEqual([]);
    expect([isMarked('v1'), isMarked('v2')]).toEqual([false, true]);
  });

  it.each(['ready-standby', 'promote', 'verify-live'])(
    'whose process dies in %s is finished by the next',
    async (step) => {
      const id = rollBack();
      await flow.killWhen(id, ({ phase }) => phase === step);
      flow.restart();
      expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
      expect(flow.slots().blue).toBe('v1 active');
    },
  );

  it('that has crashed meanwhile starts it again first', async () => {
    await crash('blue');
    const started = flow.environments.story.length;
    const id = rollBack();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.environments.story.slice(started)).toEqual(['start v1 in blue']);
    expect(flow.story().join('\n')).toContain(
      'v1 in blue was started again, since it was not healthy: its process has ended',
    );
  });

  it('that hangs ends it and starts it again', async () => {
    flow.environments.machine.sicken({ service: 'shop', target: 'production', slot: 'blue' });
    expect((await flow.finish(rollBack())).outcome).toMatchObject({ kind: 'promoted' });
    expect(flow.environments.story.slice(-2)).toEqual(['stop blue', 'start v1 in blue']);
  });

  it('that cannot be started leaves users where they are', async () => {
    await crash('blue');
    flow.environments.machine.behave('v1', { endsAtOnce: { exit: 'exit code 2', lines: ['no licence'] } });
    const { outcome } = await flow.finish(rollBack('v1'));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'start-failed' });
    expect(flow.balancers.nodes[0]?.routing).toMatchObject({ active: 'green', canary: undefined });
    expect(isMarked('v2')).toBe(false);
  });

  it('that is reverted while it is proved leaves the standby a standby', async () => {
    const id = rollBack();
    await flow.killWhen(id, ({ phase }) => phase === 'verify-live');
    expect(flow.people.abort({ id }, alice, 'not that one')).toMatchObject({ ok: true });
    flow.restart();
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'rolled-back', code: 'given-up' });
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
    // The way back is as short as it was.
    expect(stepsOf(rollBack())).toEqual(['ready-standby', 'promote', 'verify-live']);
  });
});

describe('a rollback to a release that does not run', () => {
  it('starts and proves it first, and sends no share', async () => {
    await flow.live('v3');
    const id = rollBack('v1');
    const { outcome } = await flow.finish(id);
    expect(outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    expect(stepsOf(id)).toEqual([
      'expand-schema',
      'start-preview',
      'check-health',
      'smoke-test',
      'prove-preview',
      'promote',
      'verify-live',
    ]);
    expect(flow.slots()).toEqual({ blue: 'v3 standby (failed)', green: 'v1 active' });
    expect(flow.balancers.story.slice(-2)).toEqual(['blue, preview green', 'green']);
  });

  it('is refused for one that was never live', () => {
    flow.layRelease('v9');
    const answer = flow.people.rollback({ actor: bob, version: 'v9' });
    expect(answer.ok ? '' : answer.refusal.code).toBe('no-rollback-target');
  });
});

describe('a switch', () => {
  it('goes there and back without a mark on either', async () => {
    for (const to of ['blue', 'green', 'blue'] as const) {
      const answer = flow.people.switch({ actor: alice, to });
      expect(answer).toMatchObject({ ok: true });
      if (answer.ok)
        expect((await flow.finish(answer.value.id)).outcome).toMatchObject({ kind: 'promoted', code: 'switch' });
      expect(flow.balancers.nodes[0]?.routing.active).toBe(to);
    }
    expect([isMarked('v1'), isMarked('v2')]).toEqual([false, false]);
    expect(flow.slots()).toEqual({ blue: 'v1 active', green: 'v2 standby' });
  });

  it('that is reverted leaves the standby a standby', async () => {
    const answer = flow.people.switch({ actor: alice, to: 'blue' });
    const id = answer.ok ? answer.value.id : '';
    await flow.killWhen(id, ({ phase }) => phase === 'verify-live');
    expect(flow.people.abort({ id }, alice)).toMatchObject({ ok: true });
    flow.restart();
    await flow.finish(id);
    expect(flow.slots()).toEqual({ blue: 'v1 standby', green: 'v2 active' });
  });
});

describe('a redeploy', () => {
  it('of the version that is live starts it again on the other side', async () => {
    const id = flow.ask('v2', { redeploy: true });
    expect((await flow.finish(id)).outcome).toMatchObject({ kind: 'promoted', code: 'redeploy' });
    expect(flow.slots()).toEqual({ blue: 'v2 active', green: 'v2 standby' });
    expect(readSlot(flow.process().core.store.db, flow.process().target.key, 'blue').deploymentId).toBe(id);
  });
});

describe('a deployment that is rolled back while it runs', () => {
  it('is reverted by the same verb, and no second deployment begins', async () => {
    const id = flow.ask('v3');
    await flow.at(id, 'bake');
    const answer = flow.people.rollback({ actor: bob, reason: 'alarms' });
    expect(answer).toMatchObject({ ok: true, value: { id } });
    expect((await flow.finish(id)).outcome).toMatchObject({
      kind: 'rolled-back',
      code: 'given-up',
      actor: 'person:bob',
    });
    expect(flow.slots()).toEqual({ blue: 'v3 preview (failed)', green: 'v2 active' });
    expect(flow.people.history({}, 5)).toMatchObject({
      ok: true,
      value: [{ id }, { version: 'v2' }, { version: 'v1' }],
    });
  });
});
