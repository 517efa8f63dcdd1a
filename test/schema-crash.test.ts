// The controller is killed while a schema is widened, filled and contracted: the next one continues; no order is lost.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { type Driver, type Point, reached, startDriver } from './support/drivers.ts';
import { alice, bob, eventually, finished, type Stage, setStage, until, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

let stage: Stage | undefined;
const drivers: Driver[] = [];
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.kill()));
  await stage?.strike();
});

const target = `
        canary: []
        bake: 1s
        database: { driver: sqlite, rollbackFor: 0s }
`;

const changing = (sentence: string): Point => ({ action: 'schema-changed', sentence });

describe('a controller that is killed while it changes a schema', () => {
  it('is followed by one that goes on where it was', { timeout: 170_000 }, async () => {
    const on = await setStage({ database: true, target });
    stage = on;
    const engine = on.open('observer');
    let driver = drive(on, 0);
    const replaced = async (point: Point, seq: number): Promise<number> => {
      const at = await reached(engine, point, seq);
      await driver.kill();
      driver = drive(on, drivers.length);
      return at;
    };
    value(engine.deploy({ version: 'v2.0', actor: alice }));
    let seq = await replaced(changing('001_orders: widens'), 0);
    await eventually(() => engine.status().targets[0]?.last?.outcome?.kind === 'promoted', 60_000);
    const users = startUsers(on.front, { count: 2, everyMs: 20 });

    const { id } = value(engine.deploy({ version: 'v2.1', actor: alice }));
    seq = await replaced({ action: 'step-started', sentence: 'expand-schema' }, seq);
    seq = await replaced(changing('003_cents: widens'), seq);
    expect((await until(engine, id, finished, 90_000)).outcome?.kind).toBe('promoted');
    seq = await replaced({ action: 'backfill-begun', sentence: '003_cents' }, seq);
    await eventually(() => engine.status().targets[0]?.schema?.migrations.at(-1)?.state === 'ready', 60_000);

    const standby = engine.status().targets[0]?.slots.find(({ role }) => role === 'standby');
    value(await engine.slots.stop({ slot: standby?.slot ?? 'blue', actor: alice }));
    const contract = value(await engine.migrations.contract({ actor: alice }));
    value(engine.migrations.approveContract(contract.id, bob));
    await replaced({ action: 'contract-begun', sentence: 'contracts' }, seq);
    await eventually(() => engine.migrations.contractNamed(contract.id)?.endedAt !== undefined, 60_000);
    expect(engine.migrations.contractNamed(contract.id)).toMatchObject({ status: 'done' });

    const { sent, lost } = await users.stop(101);
    expect(lost).toEqual([]);
    expect(sent).toBeGreaterThan(100);
    const database = new DatabaseSync(join(on.folder, 'shop.sqlite'));
    const columns = database.prepare('PRAGMA table_info(orders)').all();
    const unfilled = database.prepare('SELECT count(*) AS n FROM orders WHERE cents IS NULL').get();
    database.close();
    expect(columns.map(({ name }) => name)).toEqual(['id', 'product', 'quantity', 'taken_by', 'cents']);
    expect(unfilled).toEqual({ n: 0 });
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });
});

function drive(on: Stage, count: number): Driver {
  const driver = startDriver(on, `driver-${count}`);
  drivers.push(driver);
  return driver;
}
