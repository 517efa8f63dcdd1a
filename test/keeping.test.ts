// What the engine keeps running when no deployment does: the standby, the active side, the balancer, and what is left
// of a deployment that needed a person.

import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Engine, SlotView } from '@bg/engine';
import { describe, expect, it } from 'vitest';
import { balancerPid, killBalancerForGood, sidesAlive } from './support/leftovers.ts';
import { alice, deployed, eventually, finished, movable, onStage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

const plan = (more: string) => ({ target: `\n        canary: []\n        bake: 1s\n        ${more}\n` });
const slot = (engine: Engine, name: 'blue' | 'green'): SlotView | undefined =>
  engine.status().targets[0]?.slots.find((each) => each.slot === name);
const reported = (engine: Engine, action: string) =>
  engine.audit.after(0, 10_000).filter((row) => row.action === action);
const both = async (engine: Engine): Promise<void> => {
  await deployed(engine, 'v1.0');
  await deployed(engine, 'v2.1');
};

describe.concurrent('after the bake the old side', { timeout: 90_000 }, () => {
  it('is retained as standby, and stopped when its time is over', () =>
    onStage(plan('standby: { keep: 3s }'), async (stage, engine) => {
      await both(engine);
      expect(slot(engine, 'blue')).toMatchObject({ role: 'standby', version: 'v1.0' });
      expect(engine.status().targets[0]?.rollback.readiness).toBe('instant');
      await eventually(() => slot(engine, 'blue')?.role === 'idle');
      expect(sidesAlive(stage.folder)).toHaveLength(1);
      expect(engine.status().targets[0]?.rollback).toMatchObject({ readiness: 'slow', version: 'v1.0' });
      const back = await until(engine, value(engine.rollback({ actor: alice })).id, finished);
      expect(back.outcome).toMatchObject({ kind: 'promoted', code: 'rollback' });
    }));

  it('is stopped at once where the configuration says so', () =>
    onStage(plan('afterBake: stop'), async (_, engine) => {
      await both(engine);
      await eventually(() => slot(engine, 'blue')?.role === 'idle');
      expect(reported(engine, 'side-stopped')).toHaveLength(1);
    }));

  it('is upgraded to the same release where the configuration says so', () =>
    onStage(plan('afterBake: upgrade'), async (_, engine) => {
      await both(engine);
      await eventually(() => slot(engine, 'blue')?.version === 'v2.1');
      expect(slot(engine, 'blue')).toMatchObject({ role: 'standby', label: undefined });
      expect(reported(engine, 'side-upgraded')).toHaveLength(1);
    }));

  it('is asked about, and done with as people say', () =>
    onStage(plan('afterBake: ask'), async (_, engine) => {
      await deployed(engine, 'v1.0');
      const end = await deployed(engine, 'v2.1');
      expect(end.actions.map(({ name }) => name)).toEqual(['rollback', 'upgrade-standby', 'stop-standby']);
      value(engine.settleStandby({ actor: alice, to: 'stop' }));
      await eventually(() => slot(engine, 'blue')?.role === 'idle');
    }));
});

describe.concurrent('what has died', { timeout: 90_000 }, () => {
  it('as the active side is noticed, reported, and restarted, each time after a longer wait', () =>
    onStage(plan('crash: { firstRestart: 500ms, maxRestart: 60s }'), async (_, engine) => {
      await deployed(engine, 'v1.0');
      for (const times of [1, 2]) {
        const pid = slot(engine, 'blue')?.pid ?? 0;
        process.kill(pid, 'SIGKILL');
        await eventually(() => reported(engine, 'restarted').length === times);
        await eventually(() => slot(engine, 'blue')?.health === 'healthy' && slot(engine, 'blue')?.pid !== pid);
        expect(slot(engine, 'blue')?.restarts).toBe(times);
      }
      const crashed = reported(engine, 'crashed');
      expect(crashed).toHaveLength(2);
      expect(crashed[0]).toMatchObject({
        code: 'active',
        sentence: expect.stringContaining('v1.0 in blue (active) crashed'),
      });
      const waited = reported(engine, 'restarted').map((row, index) => row.at - (crashed[index]?.at ?? 0));
      expect(waited[0]).toBeGreaterThanOrEqual(500);
      expect(waited[1]).toBeGreaterThanOrEqual(1_000);
    }));

  it('as the standby is restarted too, so that the way back stays warm', () =>
    onStage(plan(''), async (_, engine) => {
      await both(engine);
      await eventually(() => slot(engine, 'blue')?.pid !== undefined);
      process.kill(slot(engine, 'blue')?.pid ?? 0, 'SIGKILL');
      await eventually(() => reported(engine, 'restarted').length === 1);
      expect(reported(engine, 'crashed')[0]).toMatchObject({ code: 'standby' });
    }));

  it('as the balancer comes up again with the routing that was decided', () =>
    onStage(plan(''), async (stage, engine) => {
      await both(engine);
      const pid = balancerPid(stage.folder);
      process.kill(pid, 'SIGKILL');
      await cameBack(stage.front);
      expect(balancerPid(stage.folder)).not.toBe(pid);
    }));

  it('as the balancer and its watcher comes up again too, since the engine looks', () =>
    onStage(plan(''), async (stage, engine) => {
      await both(engine);
      const pid = balancerPid(stage.folder);
      killBalancerForGood(stage.folder);
      await cameBack(stage.front);
      expect(balancerPid(stage.folder)).not.toBe(pid);
    }));
});

describe.concurrent('a deployment that could not be undone', { timeout: 120_000 }, () => {
  it('needs a person, and users get what was decided as soon as the balancer can follow', () =>
    onStage(
      { target: '\n        canary: [{ percent: 30, watch: 60s }]\n        bake: 1s\n' },
      async (stage, engine) => {
        await deployed(engine, 'v1.0');
        const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
        await until(engine, id, ({ phase }) => phase === 'watch');
        killBalancerForGood(stage.folder);
        const squatter = await squat(stage.ports.front);
        value(engine.abort({ id }, alice));
        const end = await until(engine, id, finished, 60_000);
        expect(end.outcome).toMatchObject({ kind: 'halted', sentence: expect.stringContaining('could not be undone') });
        await new Promise((wake) => squatter.close(wake));
        await eventually(
          () =>
            engine
              .status()
              .targets[0]?.nodes.every(({ routing }) => routing?.active === 'blue' && routing.canary === undefined) ??
            false,
        );
        const users = startUsers(stage.front, { count: 2, everyMs: 10 });
        await new Promise((wake) => setTimeout(wake, 1_000));
        expect([...(await users.stop()).versions.keys()]).toEqual(['v1.0']);
        const again = value(engine.deploy({ version: 'v2.1', actor: alice })).id;
        await until(engine, again, ({ phase }) => phase === 'watch');
        value(engine.abort({ id: again }, alice));
        expect((await until(engine, again, finished)).outcome?.kind).toBe('aborted');
      },
    ));
});

describe.concurrent('a state file that was lost', { timeout: 90_000 }, () => {
  it('is created again from what runs: adopted without a restart, and no user notices', async () => {
    const stage = await setStage(plan(''));
    try {
      const before = stage.drive('before');
      await deployed(before.engine, 'v1.0');
      await deployed(before.engine, 'v2.1');
      const pid = slot(before.engine, 'green')?.pid;
      await before.stop();
      const users = startUsers(stage.front, { count: 2, everyMs: 15 });
      for (const file of ['state.sqlite', 'state.sqlite-wal', 'state.sqlite-shm'])
        await rm(join(stage.settings.stateFolder, file), { force: true });
      const { engine } = stage.drive('after');
      value(await engine.adopt({ slot: 'green', version: 'v2.1', actor: alice }));
      await eventually(() => slot(engine, 'green')?.pid !== undefined);
      expect(slot(engine, 'green')).toMatchObject({ role: 'active', version: 'v2.1', pid });
      const end = await deployed(engine, 'v2.0');
      expect(end.outcome?.kind).toBe('promoted');
      const back = await until(engine, value(engine.rollback({ actor: alice })).id, finished);
      expect(back).toMatchObject({ version: 'v2.1', outcome: { kind: 'promoted' } });
      expect((await users.stop()).lost).toEqual([]);
    } finally {
      await stage.strike();
    }
  });
});

/** With the release that is live. */
async function cameBack(front: string): Promise<void> {
  let answer: Response | undefined;
  for (let tries = 0; tries < 200 && !answer?.ok; tries += 1) {
    await new Promise((wake) => setTimeout(wake, 100));
    answer = await fetch(`${front}/health`).catch(() => undefined);
  }
  expect(await answer?.json()).toMatchObject({ version: 'v2.1' });
}

async function squat(port: number): Promise<Server> {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const server = createServer((socket) => socket.destroy());
    const listening = await new Promise<boolean>((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => done(true));
    });
    if (listening) return server;
    await new Promise((wake) => setTimeout(wake, 5));
  }
  throw new Error(`port ${port} was never free`);
}

describe.concurrent('a slot that two want at once', { timeout: 120_000 }, () => {
  it('is taken by the deployment, whether the last good release was being restored there or not', () =>
    onStage(
      { target: '\n        canary: []\n        bake: 500ms\n        failedSide: { keep: 10m }\n' },
      async (_, engine) => {
        await deployed(engine, 'v1.0');
        for (const afterMs of [0, 250, 500, 750]) {
          expect((await deployed(engine, 'v2.2-broken-smoke')).outcome?.code).toBe('smoke-test-failed');
          value(engine.restoreFailed({ actor: alice }));
          await new Promise((wake) => setTimeout(wake, afterMs));
          const { id } = value(engine.deploy({ version: 'v2.1', actor: alice, hold: true }));
          const held = await until(engine, id, ({ phase, outcome }) => phase === 'hold' || outcome !== undefined);
          expect(held).toMatchObject({ phase: 'hold', outcome: undefined });
          await eventually(() => slot(engine, 'green')?.health === 'healthy');
          expect(slot(engine, 'green')).toMatchObject({ role: 'preview', version: 'v2.1' });
          value(engine.abort({ id }, alice));
          await until(engine, id, finished);
        }
      },
    ));
});

describe('unauthenticated senders', () => {
  it('who were refused are one row of the log per minute and source', () => {
    const clock = movable();
    return onStage({ ...plan(''), clock }, async (_, engine) => {
      const eve = { kind: 'stranger', name: 'U0EVE', door: 'slack' } as const;
      for (let request = 0; request < 30; request += 1) engine.deploy({ version: 'v1.0', actor: eve });
      clock.advance(60_000);
      await eventually(() => reported(engine, 'strangers-refused').length > 0);
      const rows = reported(engine, 'strangers-refused');
      expect(rows.map(({ detail }) => Number(detail.count)).reduce((sum, count) => sum + count, 0)).toBe(30);
      expect(rows.length).toBeLessThanOrEqual(2);
      expect(reported(engine, 'refused')).toEqual([]);
    });
  });
});
