// People control a real deployment: wait, hold, go on, skip, give up, and what happens when no person decides.

import type { DeploymentView, Engine } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import {
  alice,
  awaitsApproval,
  bob,
  deployed,
  eventually,
  finished,
  movable,
  onStage,
  type Stage,
  until,
  value,
} from './support/stage.ts';
import { startUsers } from './support/users.ts';

const plan = ({ canary = '[{ percent: 10, watch: 1s }]', more = '', minRequests = 5, bake = '1s' } = {}) => ({
  target: `
        canary: ${canary}
        judge: { minRequests: ${minRequests}, maxErrorRate: 5%, patience: 60s }
        bake: ${bake}
        ${more}
`,
});

const steady = (stage: Stage) => startUsers(stage.front, { count: 2, everyMs: 15 });
const begin = (engine: Engine, version = 'v2.1', more: { hold?: boolean } = {}): string =>
  value(engine.deploy({ version, actor: alice, ...more })).id;
const inPhase = (phase: DeploymentView['phase'], percent?: number) => (view: DeploymentView) =>
  view.phase === phase && (percent === undefined || view.percent === percent);
const seconds = (count: number): Promise<void> => new Promise((wake) => setTimeout(wake, count * 1_000));
const statusOf = (view: DeploymentView | undefined, name: string): string[] =>
  view?.steps.filter((step) => step.name === name).map(({ status }) => status) ?? [];

describe.concurrent('a person', { timeout: 120_000 }, () => {
  it('who pauses a watch keeps the share until a person resumes it, however good the numbers are', () =>
    onStage(plan(), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const users = steady(stage);
      const id = begin(engine);
      await until(engine, id, inPhase('watch', 10));
      value(engine.pause({ id }, alice));
      await seconds(4);
      expect(engine.deployment(id)).toMatchObject({ phase: 'watch', percent: 10, paused: { by: 'person:alice' } });
      value(engine.resume({ id }, bob));
      expect((await until(engine, id, finished)).outcome?.kind).toBe('promoted');
      expect((await users.stop()).lost).toEqual([]);
    }));

  it('who pauses before the first user keeps all users off, and the paused side is still watched', () =>
    onStage(plan(), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const users = steady(stage);
      const id = begin(engine);
      value(engine.pause({ id }, alice));
      await until(engine, id, inPhase('shift-traffic'));
      await seconds(2);
      expect(engine.deployment(id)).toMatchObject({ phase: 'shift-traffic', percent: 0 });
      const pid = engine.status().targets[0]?.slots.find(({ slot }) => slot === 'green')?.pid;
      process.kill(pid ?? 0, 'SIGKILL');
      expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'failed', code: 'side-crashed' });
      const { lost, versions } = await users.stop();
      expect(lost).toEqual([]);
      expect([...versions.keys()]).toEqual(['v1.0']);
    }));

  it('who pauses a canary that errs does not keep it alive', () =>
    onStage(plan({ canary: '[{ percent: 30, watch: 60s }]', minRequests: 40 }), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const users = steady(stage);
      const id = begin(engine, 'v2.4-errors');
      await until(engine, id, inPhase('watch'));
      value(engine.pause({ id }, alice));
      expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'failed', code: 'canary-failed' });
      await users.stop();
    }));

  it('who promotes ends one watch, not two, even when two people click at once', () =>
    onStage(plan({ canary: '[{ percent: 10, watch: 60s }, { percent: 50, watch: 60s }]' }), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const id = begin(engine);
      const { stateVersion } = await until(engine, id, inPhase('watch', 10));
      value(engine.promote({ id, stateVersion }, bob));
      expect(engine.promote({ id, stateVersion }, bob)).toMatchObject({ ok: false, refusal: { code: 'stale-card' } });
      await until(engine, id, inPhase('watch', 50));
      await seconds(2);
      const view = engine.deployment(id);
      expect(view).toMatchObject({ phase: 'watch', percent: 50 });
      value(engine.promote({ id }, bob, { full: true }));
      expect((await until(engine, id, finished)).outcome?.kind).toBe('promoted');
    }));

  it('who promotes to all users skips what is left, and an abort afterwards is a rollback', () =>
    onStage(
      plan({
        canary: '[{ percent: 10, watch: 60s }, { percent: 10, approval: true }, { percent: 50, watch: 60s }]',
        bake: '15s',
      }),
      async (stage, engine) => {
        await deployed(engine, 'v1.0');
        await rushed(stage, engine);
      },
    ));

  it('who rejects is the actor of the ending, and the side is labelled as aborted', () =>
    onStage(plan({ canary: '[{ percent: 10, approval: true }]' }), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const id = begin(engine);
      const card = await until(engine, id, awaitsApproval);
      value(engine.reject(card, bob, 'prices look wrong'));
      const end = await until(engine, id, finished);
      expect(end.outcome).toMatchObject({
        kind: 'aborted',
        code: 'rejected',
        actor: 'person:bob',
        sentence: expect.stringContaining('prices look wrong'),
      });
      expect(end.kept).toMatchObject({ label: 'aborted' });
    }));

  it('who gives it up while it is still being fetched, or while it starts, leaves everything as it was', () =>
    onStage(plan(), async (stage, engine) => {
      await deployed(engine, 'v1.0');
      const users = steady(stage);
      const early = begin(engine);
      value(engine.abort({ id: early }, alice, 'wrong version'));
      expect((await until(engine, early, finished)).outcome).toMatchObject({ kind: 'aborted', actor: 'person:alice' });
      const late = begin(engine, 'v2.3-never-healthy');
      await until(engine, late, inPhase('check-health'));
      value(engine.abort({ id: late }, alice));
      expect((await until(engine, late, finished)).outcome).toMatchObject({ kind: 'aborted', code: 'given-up' });
      expect(engine.status().targets[0]?.routing).toMatchObject({
        active: 'blue',
        canary: undefined,
        preview: undefined,
      });
      expect((await users.stop()).lost).toEqual([]);
    }));

  it('who holds a preview promotes it into the checks of its plan with switch', () =>
    onStage(plan({ canary: '[]' }), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const id = begin(engine, 'v2.1', { hold: true });
      await until(engine, id, inPhase('hold', 0));
      expect(value(engine.switch({ actor: alice })).id).toBe(id);
      const end = await until(engine, id, finished);
      expect(end.outcome?.kind).toBe('promoted');
      // A switch without a side, so soon, may have been meant for the same move.
      expect(engine.switch({ actor: bob })).toMatchObject({ ok: false, refusal: { code: 'already-decided' } });
      const back = value(engine.switch({ actor: bob, to: 'blue' }));
      expect(back).toMatchObject({ mode: 'switch', version: 'v1.0' });
      expect((await until(engine, back.id, finished)).outcome).toMatchObject({ kind: 'promoted', code: 'switch' });
    }));
});

describe.concurrent('no person', { timeout: 120_000 }, () => {
  it('who decides before the deadline means no', () =>
    onStage(
      plan({ canary: '[{ percent: 10, approval: true }]', more: 'approval: { deadline: 2s }' }),
      async (_, engine) => {
        await deployed(engine, 'v1.0');
        const end = await deployed(engine, 'v2.1');
        expect(end).toMatchObject({
          outcome: { kind: 'aborted', code: 'approval-expired' },
          approval: { status: 'expired' },
        });
      },
    ));

  it('who decides means a reminder where the configuration says hold, and yes still counts later', () =>
    onStage(
      plan({ canary: '[{ percent: 10, approval: true }]', more: 'approval: { deadline: 1s, onTimeout: hold }' }),
      async (_, engine) => {
        await deployed(engine, 'v1.0');
        const id = begin(engine);
        await eventually(
          () => engine.audit.after(0, 1_000).filter(({ action }) => action === 'approval-reminder').length >= 2,
        );
        value(engine.approve({ id }, bob));
        expect((await until(engine, id, finished)).outcome?.kind).toBe('promoted');
      },
    ));

  it('who comes back to a held preview within a day finds it given up', () => {
    const clock = movable();
    return onStage({ ...plan(), clock }, async (_, engine) => {
      await deployed(engine, 'v1.0');
      const id = begin(engine, 'v2.1', { hold: true });
      await until(engine, id, inPhase('hold'));
      await seconds(1);
      clock.advance(23 * 3_600_000);
      await seconds(2);
      expect(engine.deployment(id)?.phase).toBe('hold');
      clock.advance(3_600_000);
      expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'aborted', code: 'hold-expired' });
    });
  });
});

async function rushed(stage: Stage, engine: Engine): Promise<void> {
  const users = steady(stage);
  const id = begin(engine);
  await until(engine, id, inPhase('watch', 10));
  value(engine.promote({ id }, bob, { full: true }));
  const live = await until(engine, id, inPhase('bake', 100));
  expect([statusOf(live, 'await-approval'), statusOf(live, 'shift-traffic')]).toEqual([
    ['skipped'],
    ['done', 'skipped'],
  ]);
  expect(live.actions.map(({ name }) => name)).toContain('rollback');
  value(engine.rollback({ actor: alice, reason: 'too early' }));
  const end = await until(engine, id, finished);
  expect(end.outcome).toMatchObject({ kind: 'rolled-back', code: 'given-up', actor: 'person:alice' });
  expect(statusOf(end, 'shift-traffic')).toEqual(['undone', 'skipped']);
  expect((await users.stop()).lost).toEqual([]);
}
