// Workers and a scheduler with a real job table: each job once and never two schedulers, whatever a deployment does.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Controller, startController } from '../crash/controllers.ts';
import { bob, deployed, eventually, finished, until, value } from '../support/stage.ts';
import { startUsers } from '../support/users.ts';
import { deployNext, playWithKills } from './kills.ts';
import { type Given, type ShopWithJobs, setShopWithJobs } from './shop-with-jobs.ts';

let shop: ShopWithJobs | undefined;
afterEach(async () => {
  await shop?.strike();
  shop = undefined;
});

async function set(given: Given = {}) {
  shop = await setShopWithJobs(given);
  return shop;
}

describe('process roles', () => {
  it('are handed over by a deployment and a rollback, under load, with each job once', async () => {
    const { stage, jobs, settings } = await set();
    const { engine } = stage.drive('driver', settings);
    const first = await deployed(engine, 'v1.0');
    expect(first.outcome?.kind, first.outcome?.sentence).toBe('promoted');
    const users = startUsers(stage.front);
    const second = await deployed(engine, 'v2.0');
    expect(second.outcome?.kind, second.outcome?.sentence).toBe('promoted');
    expect(second.steps.map(({ title }) => title)).toContain('hand worker and scheduler over to v2.0');
    const back = await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect(back.outcome?.kind, back.outcome?.sentence).toBe('promoted');
    await eventually(() => jobs.erasOf('scheduler').length === 3);
    await expect.poll(() => jobs.faults(), { timeout: 10_000 }).toEqual([]);
    expect(jobs.erasOf('scheduler')).toEqual(['v1.0', 'v2.0', 'v1.0']);
    expect(jobs.erasOf('worker').toSorted()).toEqual(['v1.0', 'v1.0', 'v1.0', 'v1.0', 'v2.0', 'v2.0']);
    const { sent, lost } = await users.stop(200);
    console.log(`${sent} requests, ${lost.length} lost; ${JSON.stringify(jobs.counts())}`);
    expect(lost).toEqual([]);
    const seen = () => value(engine.target({})).processRoles?.map(({ role, slot, running }) => [role, slot, running]);
    await expect.poll(seen, { timeout: 10_000 }).toEqual([
      ['worker', 'blue', 2],
      ['scheduler', 'blue', 1],
    ]);
  }, 120_000);

  it('that do not start turn the deployment back, and the old ones are started again', async () => {
    const { stage, jobs, settings } = await set({ broken: 'scheduler:v2.0' });
    const { engine } = stage.drive('driver', settings);
    await deployed(engine, 'v1.0');
    const users = startUsers(stage.front);
    const { outcome } = await deployed(engine, 'v2.0');
    expect(outcome).toMatchObject({ kind: 'failed', sentence: expect.stringContaining('cannot find its queue') });
    await eventually(() => jobs.erasOf('scheduler').length === 2);
    await expect.poll(() => jobs.faults(), { timeout: 10_000 }).toEqual([]);
    expect(jobs.erasOf('scheduler')).toEqual(['v1.0', 'v1.0']);
    const { sent, lost } = await users.stop(100);
    console.log(`${sent} requests, ${lost.length} lost; ${JSON.stringify(jobs.counts())}`);
    expect(lost).toEqual([]);
  }, 120_000);

  it('that crash are started again, and a person is paged after some of them', async () => {
    const { stage, jobs, settings } = await set();
    const { engine } = stage.drive('driver', settings);
    await deployed(engine, 'v1.0');
    const pidOf = () => value(engine.target({})).processRoles?.find(({ role }) => role === 'scheduler')?.pids[0];
    const rows = (action: string) => engine.audit.after(0, 10_000).filter((row) => row.action === action);
    for (let crash = 1; crash <= 3; crash += 1) {
      await eventually(() => pidOf() !== undefined);
      const pid = pidOf() ?? 0;
      process.kill(pid, 'SIGKILL');
      await eventually(() => jobs.erasOf('scheduler').length === crash + 1 && pidOf() !== pid);
    }
    await eventually(() => rows('role-paged').length === 1);
    expect(rows('role-crashed')).toHaveLength(3);
    expect(jobs.faults()).toEqual([]);
  }, 120_000);

  it('run once where the controller dies in the middle of a hand-over', async () => {
    const given = await set();
    const { stage, jobs, settings } = given;
    const engine = stage.open('observer', settings);
    let current: Controller = startController(stage, 'first');
    try {
      await deployNext(engine);
      const users = startUsers(stage.front, { count: 2, everyMs: 40 });
      const order = (label: string, edge: 'before' | 'after') =>
        ({ label, edge, nth: 1, delayMs: 0, signal: 'SIGKILL' }) as const;
      const { reached, problems, survivor } = await playWithKills(given, engine, {
        first: current,
        play: deployNext,
        orders: [
          order('commit roles-moving in hand-over-roles', 'after'),
          order('call environment.stop in hand-over-roles', 'after'),
          order('call environment.start in hand-over-roles', 'before'),
          order('call environment.start in hand-over-roles', 'after'),
          order('commit roles-handed-over in hand-over-roles', 'before'),
        ],
      });
      current = survivor;
      expect(problems).toEqual([]);
      expect(reached).toBe(5);
      await expect.poll(() => jobs.faults(), { timeout: 20_000 }).toEqual([]);
      expect(jobs.erasOf('scheduler').at(-1)).toBe('v2.0');
      const { sent, lost } = await users.stop(100);
      console.log(
        `${reached} controllers killed; ${sent} requests, ${lost.length} lost; ${JSON.stringify(jobs.counts())}`,
      );
      expect(lost).toEqual([]);
    } finally {
      await current.kill();
    }
  }, 240_000);

  it('say in a file whether their side is live, to what serves users too', async () => {
    const { stage, settings } = await set();
    const { engine } = stage.drive('driver', settings);
    const live = (slot: string) => readFileSync(join(stage.folder, 'state/live', `shop.production.${slot}`), 'utf8');
    await deployed(engine, 'v1.0');
    expect([live('blue'), live('green')]).toEqual(['live\n', 'standby\n']);
    const { pid = 0 } = value(engine.target({})).slots.find(({ role }) => role === 'active') ?? {};
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toContain('LIVE_FILE=');
    const users = startUsers(stage.front);
    await deployed(engine, 'v2.0');
    expect([live('blue'), live('green')]).toEqual(['standby\n', 'live\n']);
    await until(engine, value(engine.rollback({ actor: bob, reason: 'wrong prices' })).id, finished);
    expect([live('blue'), live('green')]).toEqual(['live\n', 'standby\n']);
    expect((await users.stop(100)).lost).toEqual([]);
  }, 120_000);
});
