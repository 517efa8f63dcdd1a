// A person holds a backfill, over restarts of the controller; and a contract waits for its restore point.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { reached } from './support/drivers.ts';
import { alice, bob, deployed, eve, eventually, type Stage, setStage, value } from './support/stage.ts';

let stage: Stage | undefined;
const folder = mkdtempSync(join(tmpdir(), 'bg-backup-'));
const script = join(folder, 'backup.mjs');
afterAll(async () => {
  await stage?.strike();
  rmSync(folder, { recursive: true });
});

const target = `
        canary: []
        bake: 1s
        database:
          driver: sqlite
          rollbackFor: 0s
          beforeContract: { command: [${process.execPath}, ${script}], timeout: 20s }
`;

it('holds a backfill until a person lets it go on, and contracts only after a restore point', {
  timeout: 170_000,
}, async () => {
  const on = await setStage({ database: true, target });
  stage = on;
  const first = on.drive();
  const { engine } = first;
  expect((await deployed(engine, 'v2.0')).outcome).toMatchObject({ kind: 'promoted' });
  sql(`INSERT INTO orders (id, product, quantity, amount)
    WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100000) SELECT 'many-' || x, 1, 1, 2.5 FROM c`);
  expect((await deployed(engine, 'v2.1')).outcome).toMatchObject({ kind: 'promoted' });
  await reached(engine, { action: 'backfill-begun', sentence: '003_cents' }, 0);
  expect(engine.migrations.pause({ actor: eve })).toMatchObject({ refusal: { code: 'not-in-team' } });
  expect(value(engine.migrations.pause({ actor: alice, reason: 'month end' })).held).toMatchObject({
    reason: 'month end',
  });
  expect(engine.migrations.pause({ actor: bob })).toMatchObject({ refusal: { code: 'already-decided' } });
  await eventually(() => filling() === undefined);
  const rows = rowsLeft();
  expect(rows).toBeGreaterThan(0);

  await first.stop();
  const second = on.drive('second');
  const byHand = await second.engine.migrations.run({
    act: { kind: 'backfill' },
    actor: alice,
    signal: new AbortController().signal,
    say: () => undefined,
  });
  expect(byHand).toMatchObject({ refusal: { code: 'target-busy', sentence: expect.stringContaining('month end') } });
  expect(value(await second.engine.migrations.status({})).held).toMatchObject({ reason: 'month end' });
  await second.engine.changed(1_500);
  expect(rowsLeft()).toBe(rows);
  value(second.engine.migrations.resume({ actor: bob }));
  expect(second.engine.migrations.resume({ actor: bob })).toMatchObject({ refusal: { code: 'not-allowed-now' } });
  await eventually(() => schema()?.migrations.at(-1)?.state === 'ready', 60_000);
  expect(rowsLeft()).toBe(0);

  const standby = second.engine.status().targets[0]?.slots.find(({ role }) => role === 'standby')?.slot ?? 'blue';
  value(await second.engine.slots.stop({ slot: standby, actor: alice }));
  const refused = await contracted('console.error("no room for " + process.env.DATABASE_URL); process.exit(1)');
  expect(refused).toMatchObject({ status: 'refused', problem: expect.stringContaining('no restore point was made') });
  expect(refused?.problem).toContain('no room for ***');
  const done = await contracted('console.log("kept " + process.env.BLUEGREEN_MIGRATIONS)');
  expect(done).toMatchObject({ status: 'done' });
  const story = second.engine.audit.after(0, 10_000);
  const actions = story.map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['backfill-paused', 'backfill-resumed']));
  expect(actions.indexOf('contract-restore-point')).toBeLessThan(actions.indexOf('contract-begun'));
  expect(story.find(({ action }) => action === 'contract-restore-point')?.detail).toMatchObject({
    printed: 'kept 003_cents',
  });

  async function contracted(program: string) {
    writeFileSync(script, program);
    const { id } = value(await second.engine.migrations.contract({ actor: alice }));
    value(second.engine.migrations.approveContract(id, bob));
    await eventually(() => second.engine.migrations.contractNamed(id)?.endedAt !== undefined);
    return second.engine.migrations.contractNamed(id);
  }
  function schema() {
    return second.engine.status().targets[0]?.schema;
  }
  function filling() {
    return engine.status().targets[0]?.schema?.filling;
  }
  function sql(text: string): readonly Record<string, unknown>[] {
    const database = new DatabaseSync(join(on.folder, 'shop.sqlite'), { timeout: 10_000 });
    try {
      return database.prepare(text).all();
    } finally {
      database.close();
    }
  }
  function rowsLeft(): number {
    return Number(sql('SELECT count(*) AS n FROM orders WHERE cents IS NULL')[0]?.n);
  }
});
