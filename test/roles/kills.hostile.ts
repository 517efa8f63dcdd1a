// The controller is killed at every point of a hand-over, in a deployment and in a rollback: each job once, and never two
// schedulers, under load.

import type { Engine } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Controller, startController } from '../crash/controllers.ts';
import { startUsers } from '../support/users.ts';
import { deployNext, type Play, playWithKills, pointsOfRoles, rollBack } from './kills.ts';
import { type ShopWithJobs, setShopWithJobs } from './shop-with-jobs.ts';

let shop: ShopWithJobs;
let engine: Engine;
let current: Controller;
beforeAll(async () => {
  shop = await setShopWithJobs();
  engine = shop.stage.open('observer', shop.settings);
  current = startController(shop.stage, 'first');
  await deployNext(engine);
  await deployNext(engine);
}, 300_000);
afterAll(async () => {
  await current.kill();
  await shop.strike();
}, 120_000);

const plays: readonly (readonly [string, Play])[] = [
  ['a deployment', deployNext],
  ['a rollback', rollBack],
];

describe('a controller that is killed', () => {
  it.each(plays)(
    'at each point of the roles in %s',
    async (name, play) => {
      await current.arm('only-record');
      await play(engine);
      const points = pointsOfRoles(current.moments);
      expect(points.length).toBeGreaterThan(10);
      const users = startUsers(shop.stage.front, { count: 2, everyMs: 40 });
      let reached = 0;
      for (const { name: point, order } of points) {
        if (play === rollBack) await deployNext(engine);
        const result = await playWithKills(shop, engine, { first: current, play, orders: [order] });
        current = result.survivor;
        reached += result.reached;
        await expect.poll(() => shop.jobs.faults(), { timeout: 20_000, message: `${name}, ${point}` }).toEqual([]);
        expect(result.problems, `${name}, ${point}`).toEqual([]);
      }
      const { sent, lost } = await users.stop(100);
      const { jobs, done, eras } = shop.jobs.counts();
      console.log(
        `${name}: ${points.length} points, ${reached} killed; ${sent} requests, ${lost.length} lost; ${jobs} jobs, ${done} done, ${eras} processes`,
      );
      expect(lost).toEqual([]);
      expect(reached).toBeGreaterThan(points.length / 2);
    },
    3_000_000,
  );
});
