// A schema that both versions can live with, through the engine's interface: the sample shop's SQLite database is
// widened, filled and tightened while users order.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { alice, bob, deployed, eventually, type Stage, setStage, value } from './support/stage.ts';
import { startUsers } from './support/users.ts';

let stage: Stage;
afterEach(() => stage?.strike(), 60_000);

const target = (more = '', canary = '[]') => `
        canary: ${canary}
        judge: { minRequests: 3, maxErrorRate: 50%, patience: 60s }
        bake: 1s
        database: { driver: sqlite${more} }
`;

const shopDatabase = () => new DatabaseSync(join(stage.folder, 'shop.sqlite'), { timeout: 10_000 });

function asked<T>(sql: string): T[] {
  const database = shopDatabase();
  try {
    return database.prepare(sql).all() as T[];
  } finally {
    database.close();
  }
}

const columns = () => asked<{ name: string }>('PRAGMA table_info(orders)').map(({ name }) => name);

describe('a schema', { timeout: 170_000 }, () => {
  it('is widened, filled behind the users’ backs, and tightened at the end, while both versions read and write', async () => {
    stage = await setStage({ database: true, target: target(', rollbackFor: 0s', '[{ percent: 10, watch: 1s }]') });
    const { engine } = stage.drive();
    expect((await deployed(engine, 'v2.0')).outcome).toMatchObject({ kind: 'promoted' });
    expect(columns()).toEqual(['id', 'product', 'quantity', 'amount', 'taken_by']);
    const users = startUsers(stage.front, { count: 2, everyMs: 25 });

    const plan = value(await engine.plan({ version: 'v2.1', actor: alice }));
    expect(plan.schema).toEqual([
      'expand 003_cents, before it starts',
      'backfill 003_cents, once it is live',
      'contract 003_cents, later, with an approval of its own',
      'verdict: compatible: v2.0, v2.1 can work on it',
    ]);
    const second = await deployed(engine, 'v2.1');
    expect(second.outcome).toMatchObject({ kind: 'promoted' });

    // Filled by the controller, as a separate job.
    await eventually(() => engine.status().targets[0]?.schema?.migrations.at(-1)?.state === 'ready');
    expect(asked('SELECT count(*) AS n FROM orders WHERE cents IS NULL')).toEqual([{ n: 0 }]);

    // v2.0 is the standby, and reads `amount`.
    const early = await engine.migrations.contract({ actor: alice });
    expect(early).toMatchObject({ ok: false, refusal: { code: 'schema-needed' } });
    expect(early.ok ? '' : early.refusal.sentence).toContain('v2.0 still needs the old shape: v2.0 (standby in blue)');

    // A rollback on the widened schema, and forward again.
    const back = value(engine.rollback({ actor: alice }));
    await eventually(() => engine.deployment(back.id)?.outcome?.kind === 'promoted');
    value(engine.keepFailed({ actor: alice }));
    expect((await deployed(engine, 'v2.1', { redeploy: true })).outcome).toMatchObject({ kind: 'promoted' });
    const { sent, lost } = await users.stop(101);
    expect(lost).toEqual([]);
    expect(sent).toBeGreaterThan(100);

    value(await engine.slots.stop({ slot: standbyOf(engine), actor: alice }));
    const contract = value(await engine.migrations.contract({ actor: alice, reason: 'nobody reads it' }));
    expect(contract.consequence).toBe('after this, rollback to v2.0 is impossible');
    expect(engine.migrations.approveContract(contract.id, alice)).toMatchObject({ refusal: { code: 'four-eyes' } });
    value(engine.migrations.approveContract(contract.id, bob));
    await eventually(() => engine.migrations.contractNamed(contract.id)?.endedAt !== undefined);
    expect(engine.migrations.contractNamed(contract.id)).toMatchObject({ status: 'done', problem: undefined });
    expect(columns()).toEqual(['id', 'product', 'quantity', 'taken_by', 'cents']);
    expect(await (await fetch(`${stage.front}/health`)).json()).toMatchObject({
      version: 'v2.1',
      database_connected: true,
    });

    // Now there is no way back, and a rollback is refused with the reason.
    await eventually(() => (engine.status().targets[0]?.schema?.toContract.length ?? 1) === 0);
    expect(engine.rollback({ version: 'v2.0', actor: alice })).toMatchObject({
      refusal: { code: 'schema-incompatible' },
    });
    const old = await deployed(engine, 'v2.0');
    expect(old.outcome).toMatchObject({ kind: 'failed', code: 'schema-incompatible' });
    const story = engine.audit.after(0, 10_000).map(({ action }) => action);
    for (const action of ['schema-changed', 'backfill-done', 'contract-asked', 'contract-approved', 'contract-ended'])
      expect(story).toContain(action);
    expect(engine.audit.verify()).toMatchObject({ intact: true });
  });

  it('a hazard refuses the release before anything is begun, with file, line and sentence', async () => {
    stage = await setStage({ database: true, target: target() });
    const { engine } = stage.drive();
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    const folder = join(stage.folder, 'releases/shop/v2.0/migrations');
    writeFileSync(join(folder, '002_taken_by.expand.sql'), '-- all in one\n\nALTER TABLE orders DROP COLUMN amount;\n');
    const { outcome } = await deployed(engine, 'v2.0');
    expect(outcome).toMatchObject({ kind: 'failed', code: 'schema-hazard' });
    expect(outcome?.sentence).toContain('002_taken_by.expand.sql:3:');
    expect(columns()).toContain('amount');
    expect(value(engine.releases({})).find(({ version }) => version === 'v2.0')?.registered).toBe(false);
  });

  it('a foreign lock fails the deployment after its limit, names it, and leaves nothing half-done', async () => {
    stage = await setStage({ database: true, target: target(', lockTimeout: 200ms, lockTotal: 2s') });
    const { engine } = stage.drive();
    expect((await deployed(engine, 'v1.0')).outcome).toMatchObject({ kind: 'promoted' });
    const release = await holdLock(join(stage.folder, 'shop.sqlite'));
    const { outcome } = await deployed(engine, 'v2.0');
    expect(outcome?.kind).toBe('failed');
    expect(outcome).toMatchObject({ code: 'schema-blocked', sentence: expect.stringContaining('shop.sqlite') });
    await release();
    expect(columns()).toEqual(['id', 'product', 'quantity', 'amount']);
    expect(await (await fetch(`${stage.front}/health`)).json()).toMatchObject({ version: 'v1.0' });
    expect((await deployed(engine, 'v2.0')).outcome).toMatchObject({ kind: 'promoted' });
  });
});

/** In a separate process: what another copy of SQLite in this one closes would end a lock that is held here. */
async function holdLock(file: string): Promise<() => Promise<void>> {
  const program = `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(process.argv[1]);
    database.exec('BEGIN IMMEDIATE');
    console.log('held');
    process.stdin.resume();
  `;
  const holder = spawn(process.execPath, ['-e', program, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = new Promise<void>((resolve) => holder.once('exit', () => resolve()));
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  return async () => {
    holder.kill('SIGKILL');
    await gone;
  };
}

function standbyOf(engine: ReturnType<Stage['open']>): 'blue' | 'green' {
  const found = engine.status().targets[0]?.slots.find(({ role }) => role === 'standby');
  if (!found) throw new Error('nothing stands by');
  return found.slot;
}
