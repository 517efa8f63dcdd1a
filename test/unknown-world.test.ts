// The load balancer does what this state does not know: changed by hand, or a copy of the state was put back. Nothing that
// users may get is stopped, started, claimed or routed until a person decides.

import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditRow, Engine, TargetView } from '@bg/engine';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { routeByHand } from './support/by-hand.ts';
import { alice, bob, deployed, eventually, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const stages: Stage[] = [];
afterAll(async () => {
  for (const stage of stages) await stage.strike();
});

const balancers = ['embedded', 'nginx', 'haproxy'] as const;
const target = (engine: Engine): TargetView => value(engine.target({}));
const rows = (engine: Engine, action: string): readonly AuditRow[] =>
  engine.audit.after(0, 2000).filter((row) => row.action === action);
const pids = (engine: Engine) => target(engine).slots.map(({ pid }) => pid);

/** v1.0 is live in blue; v2.0 was rolled back and is retained in green for `keep`. */
async function rolledBack(balancer: (typeof balancers)[number], keep: string) {
  const stage = await setStage({
    target: `        canary: []\n        bake: 1s\n        failedSide: { keep: ${keep} }\n`,
    balancer,
  });
  stages.push(stage);
  const { engine, stop } = stage.drive();
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.0');
  await until(engine, value(engine.rollback({ actor: alice })).id, finished);
  await eventually(() => target(engine).slots.every(({ health }) => health === 'healthy'));
  return { stage, engine, stop };
}

describe.concurrent('all users are sent by hand to a side that is retained as failed', () => {
  it.each(balancers)('%s: its time ends, and it serves on; nothing is deployed or rolled back', async (balancer) => {
    const { stage, engine } = await rolledBack(balancer, '5s');
    const before = pids(engine);
    await routeByHand(stage.settings, { active: 'green' });
    await eventually(() => target(engine).drift !== undefined);
    const users = startUsers(stage.front);
    const until = target(engine).slots[1].keepUntil ?? 0;
    await eventually(() => Date.now() > until + 3_000);
    for (const answer of [
      engine.deploy({ version: 'v2.1', actor: alice }),
      engine.rollback({ actor: alice, version: 'v2.0' }),
      engine.switch({ actor: alice }),
      engine.restoreFailed({ actor: alice }),
      await engine.slots.stop({ slot: 'green', actor: alice }),
    ])
      expect(answer).toMatchObject({
        ok: false,
        refusal: { code: 'drifted', sentence: expect.stringContaining('the load balancer') },
      });
    const { lost, versions } = await users.stop();
    expect([lost, [...versions.keys()]]).toEqual([[], ['v2.0']]);
    expect(pids(engine)).toEqual(before);
    expect(target(engine).drift?.sentence).toContain('users go to green');
    // Decided for what is: the side is live, and its time is over for good.
    expect((await engine.adoptRouting({ actor: bob })).ok).toBe(true);
    expect(target(engine)).toMatchObject({ drift: undefined, slots: [{ role: 'standby' }, { role: 'active' }] });
    expect(pids(engine)).toEqual(before);
  });
});

describe.concurrent('a deployment that was requested before any check', () => {
  it('ends before it takes the side that users get', async () => {
    const { stage, engine, stop } = await rolledBack('embedded', '1h');
    const before = pids(engine);
    await stop();
    await routeByHand(stage.settings, { active: 'green' });
    const { id } = value(stage.open().deploy({ version: 'v2.1', actor: alice }));
    const again = stage.drive().engine;
    expect((await until(again, id, finished)).outcome).toMatchObject({ kind: 'failed', code: 'drifted' });
    expect(await (await fetch(`${stage.front}/health`)).json()).toMatchObject({ version: 'v2.0' });
    expect(target(again).slots).toMatchObject([{ version: 'v1.0' }, { version: 'v2.0', label: 'failed' }]);
    await eventually(() => target(again).slots.every(({ pid }) => pid !== undefined));
    expect(pids(again)).toEqual(before);
  });
});

describe.concurrent('an older copy of the state that was put back', () => {
  it.each(balancers)('%s: nothing changes and it is reported; a new discovery is the way out', async (balancer) => {
    const { stage, stop } = await rolledBack(balancer, '1s');
    await stop();
    copyState(stage, 'state', 'copy');
    const later = stage.drive();
    await deployed(later.engine, 'v2.1');
    const before = pids(later.engine);
    expect(target(later.engine).slots[1]).toMatchObject({ role: 'active', version: 'v2.1' });
    await later.stop();
    copyState(stage, 'copy', 'state');
    const users = startUsers(stage.front);
    const { engine } = stage.drive();
    await eventually(() => rows(engine, 'drift-found').some(({ code }) => code === 'state-older'));
    // Its failed side was due for a restart long ago; several rounds of supervision pass.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(target(engine).drift?.sentence).toContain('older than reality');
    expect(target(engine).drift?.sentence).toContain('green runs v2.1');
    expect(engine.deploy({ version: 'v2.0', actor: alice })).toMatchObject({ refusal: { code: 'drifted' } });
    expect(await engine.restoreRouting({ actor: bob })).toMatchObject({ refusal: { code: 'state-unknown' } });
    expect((await engine.adoptRouting({ actor: bob })).ok).toBe(true);
    await eventually(() => target(engine).slots.every(({ pid }) => pid !== undefined));
    expect(target(engine)).toMatchObject({
      drift: undefined,
      routing: { active: 'green' },
      slots: [
        { role: 'standby', version: 'v1.0' },
        { role: 'active', version: 'v2.1' },
      ],
    });
    const { lost, versions } = await users.stop();
    expect([lost, [...versions.keys()]]).toEqual([[], ['v2.1']]);
    expect(pids(engine)[1]).toBe(before[1]);
    expect(await deployed(engine, 'v2.0')).toMatchObject({ slot: 'blue', outcome: { kind: 'promoted' } });
  });
});

function copyState({ folder }: Stage, from: string, to: string): void {
  mkdirSync(join(folder, to), { recursive: true });
  for (const end of ['', '-wal', '-shm']) {
    rmSync(join(folder, to, `state.sqlite${end}`), { force: true });
    const file = join(folder, from, `state.sqlite${end}`);
    if (existsSync(file)) cpSync(file, join(folder, to, `state.sqlite${end}`));
  }
}
