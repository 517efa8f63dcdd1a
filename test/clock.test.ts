// The clock of the machine is set while a deployment is watched: no watch is blind, none ends early, the jump is announced,
// and what people decide by the wall clock happens once, also across a restart.

import { afterAll, describe, expect, it } from 'vitest';
import { reached } from './support/drivers.ts';
import {
  alice,
  awaitsApproval,
  deployed,
  eventually,
  finished,
  movable,
  type Stage,
  type StageOptions,
  setStage,
  until,
  value,
} from './support/stage.ts';
import { startUsers } from './support/users.ts';

const hourMs = 3_600_000;
const stages: Stage[] = [];
afterAll(() => Promise.all(stages.map((stage) => stage.strike())), 120_000);

async function openStage(options: StageOptions): Promise<Stage> {
  const stage = await setStage(options);
  stages.push(stage);
  return stage;
}

const target = `
        canary: [{ percent: 50, watch: 20s }]
        judge: { minRequests: 3, maxErrorRate: 5% }
        bake: 3s
`;

describe.concurrent('a clock that jumps', () => {
  it('back by an hour while a canary is watched: errors still end it, and the jump is announced', async () => {
    const clock = movable();
    const stage = await openStage({ clock, target });
    const { engine } = stage.drive();
    await deployed(engine, 'v1.0');
    const seq = engine.audit.after(0, 10_000).at(-1)?.seq ?? 0;
    const { id } = value(engine.deploy({ version: 'v2.4-errors', actor: alice }));
    await reached(engine, { action: 'step-started', sentence: 'watch' }, seq);
    clock.jump(-hourMs);
    await reached(engine, { action: 'clock-jumped', sentence: 'the clock of this machine jumped back by 60 min' }, seq);
    const users = startUsers(stage.front, { count: 2, everyMs: 25 });
    const { outcome } = await until(engine, id, finished);
    await users.stop();
    expect(outcome).toMatchObject({ kind: 'failed', code: 'canary-failed' });
  });

  it('forward by an hour while a release is baked: it bakes its time all the same', async () => {
    const clock = movable();
    const stage = await openStage({ clock, target: '        canary: []\n        bake: 4s\n' });
    const { engine } = stage.drive();
    const { id } = value(engine.deploy({ version: 'v1.0', actor: alice }));
    await reached(engine, { action: 'step-started', sentence: 'bake' }, 0);
    const began = performance.now();
    clock.jump(hourMs);
    expect((await until(engine, id, finished)).outcome).toMatchObject({ kind: 'promoted' });
    expect(performance.now() - began).toBeGreaterThan(3_000);
  });

  it('over the deadline of an approval ends it once, also when it goes back under another controller', async () => {
    const clock = movable();
    const approval = 'approval: { deadline: 1h }';
    const stage = await openStage({
      clock,
      target: `        canary: [{ percent: 10, approval: true }]\n        bake: 1s\n        ${approval}\n`,
    });
    const first = stage.drive();
    await deployed(first.engine, 'v1.0');
    const { id } = value(first.engine.deploy({ version: 'v2.1', actor: alice }));
    await until(first.engine, id, awaitsApproval);
    await first.stop();
    clock.jump(2 * hourMs);
    const second = stage.drive();
    expect((await until(second.engine, id, finished)).outcome).toMatchObject({ code: 'approval-expired' });
    await second.stop();
    clock.jump(-2 * hourMs);
    const { engine } = stage.drive();
    expect(engine.deployment(id)?.outcome).toMatchObject({ code: 'approval-expired' });
    const { id: next } = value(engine.deploy({ version: 'v2.0', actor: alice }));
    expect((await until(engine, next, awaitsApproval)).approval?.status).toBe('pending');
    const expired = engine.audit.after(0, 10_000).filter(({ action }) => action === 'approval-expired');
    expect(expired.map(({ deploymentId }) => deploymentId)).toEqual([id]);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });

  it.each([
    ['forward', 2 * hourMs],
    ['back', -2 * hourMs],
  ])('%s between the crashes of a live side forgets none: the standby gets its users', async (_, jumpMs) => {
    const clock = movable();
    const crash = 'crash: { firstRestart: 200ms, maxRestart: 2s }';
    const stage = await openStage({ clock, target: `        canary: []\n        bake: 1s\n        ${crash}\n` });
    const { engine } = stage.drive();
    const sides = () => engine.status().targets[0]?.slots ?? [];
    const rows = (action: string) => engine.audit.after(0, 10_000).filter((row) => row.action === action);
    await deployed(engine, 'v1.0');
    await deployed(engine, 'v2.1');
    for (const times of [1, 2, 3]) {
      await eventually(() => sides().every(({ health }) => health === 'healthy'));
      process.kill(sides().find(({ slot }) => slot === 'green')?.pid ?? 0, 'SIGKILL');
      await eventually(() => rows('crashed').length === times);
      if (times < 3) await eventually(() => rows('restarted').length === times);
      if (times === 1) clock.jump(jumpMs);
    }
    await eventually(() => engine.status().targets[0]?.routing?.active === 'blue');
    expect(rows('guard-acted')).toMatchObject([{ code: 'crash-loop', detail: { did: 'rollback' } }]);
  });
});
