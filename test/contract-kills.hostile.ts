// The controller is killed at each point of a contract on a real PostgreSQL: every way in names one state and one way on,
// the next controller ends it, and people hear that it went on and how it ended.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '@bg/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../packages/engine/src/migrator/testing/postgres-server.ts';
import { type Driver, reached, startDriver } from './support/drivers.ts';
import { alice, bob, deployed, eventually, type Stage, setStage, value } from './support/stage.ts';

let server: PostgresServer;
let scratch: PostgresServer;
let database: string;
let stage: Stage;
let engine: Engine;
const drivers: Driver[] = [];

beforeAll(async () => {
  server = await startPostgres('Debian');
  database = await server.createDatabase();
  scratch = await startPostgres('Debian');
  stage = await setStage({
    target: `
        canary: []
        bake: 1s
        env: { SHOP_DATABASE: "${server.url(database)}", SHOP_SCRATCH: "${scratch.url('postgres')}" }
        database: { driver: postgres, url: "\${SHOP_DATABASE}", scratch: "\${SHOP_SCRATCH}", rollbackFor: 0s, lockTimeout: 200ms }
`,
  });
  const migrations = join(stage.folder, 'releases/shop/v1.0/migrations');
  rmSync(migrations, { recursive: true });
  mkdirSync(migrations);
  writeFileSync(join(stage.folder, 'releases/shop/v1.0/statements.sql'), 'SELECT id FROM users;\n');
  writeFileSync(
    join(migrations, '001_users.expand.sql'),
    'CREATE TABLE users (id bigint PRIMARY KEY, old text, older text);\n',
  );
  writeFileSync(join(migrations, '001_users.revert.sql'), 'DROP TABLE users;\n');
  writeFileSync(join(migrations, '002_old.contract.sql'), 'ALTER TABLE users DROP COLUMN old;\n');
  writeFileSync(join(migrations, '003_older.contract.sql'), 'ALTER TABLE users DROP COLUMN older;\n');
  const first = stage.drive();
  expect((await deployed(first.engine, 'v1.0')).outcome).toMatchObject({
    kind: 'promoted',
    sentence: expect.any(String),
  });
  await first.stop();
  engine = stage.open('observer');
}, 120_000);
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.kill()));
  await stage?.strike();
  await server?.stop();
  await scratch?.stop();
}, 60_000);

const columns = async (): Promise<readonly string[]> =>
  (await server.query(database, "SELECT column_name AS c FROM information_schema.columns WHERE table_name = 'users'"))
    .map(({ c }) => String(c))
    .sort();

/** As it was before the contract: for the next point. */
const again = (): Promise<unknown> =>
  server.query(
    database,
    `ALTER TABLE users ADD COLUMN IF NOT EXISTS old text, ADD COLUMN IF NOT EXISTS older text;
     UPDATE schema_migrations SET state = 'ready', during = NULL, files = files - 'contract' WHERE id <> '001_users';
     DELETE FROM schema_migrations_catalog`,
  );

function drive(): Driver {
  const driver = startDriver(stage, `controller-${drivers.length}`);
  drivers.push(driver);
  return driver;
}

const lastSeq = (): number => {
  for (let seq = 0; ; ) {
    const rows = engine.audit.after(seq, 1_000);
    if (rows.length === 0) return seq;
    seq = rows.at(-1)?.seq ?? seq;
  }
};

interface PointOfDeath {
  readonly name: string;
  readonly point: Parameters<typeof reached>[1] | undefined;
  /** A session that reads the table keeps the contract waiting. */
  readonly lockHeld?: boolean;
  readonly status: 'approved' | 'running';
}

const points: readonly PointOfDeath[] = [
  { name: 'before it begins', point: undefined, status: 'approved' },
  { name: 'when it has begun', point: { action: 'contract-begun', sentence: 'contracts' }, status: 'running' },
  {
    name: 'while its statement waits for a lock',
    point: { action: 'schema-changed', sentence: '002_old: contracts' },
    lockHeld: true,
    status: 'running',
  },
  {
    name: 'between two files',
    point: { action: 'schema-changed', sentence: '002_old: contract done' },
    status: 'running',
  },
  {
    name: 'when all is done in the database and not written down',
    point: { action: 'schema-changed', sentence: '003_older: contract done' },
    status: 'running',
  },
];

describe('a controller that is killed', { timeout: 120_000 }, () => {
  it.each(points)('$name', async ({ point, lockHeld = false, status }) => {
    await again();
    const contract = value(await engine.migrations.contract({ actor: alice }));
    const held = lockHeld
      ? server.query(database, 'BEGIN; LOCK TABLE users IN ACCESS SHARE MODE; SELECT pg_sleep(4); COMMIT')
      : undefined;
    const driver = point && drive();
    const seq = lastSeq();
    value(engine.migrations.approveContract(contract.id, bob));
    if (point) await reached(engine, point, seq);
    await driver?.kill();
    const ended = engine.migrations.contractNamed(contract.id)?.endedAt !== undefined;
    if (!ended) await doorsAgree(contract.id, status);
    await held;
    const next = drive();
    await eventually(() => engine.migrations.contractNamed(contract.id)?.endedAt !== undefined, 30_000);
    expect(engine.migrations.contractNamed(contract.id)).toMatchObject({ status: 'done', next: undefined });
    expect(await columns()).toEqual(['id']);
    const story = engine.audit.after(seq, 1_000).map(({ action }) => action);
    expect(story.filter((action) => action === 'contract-ended')).toHaveLength(1);
    expect(story.filter((action) => action === 'contract-resumed')).toHaveLength(
      !ended && status === 'running' ? 1 : 0,
    );
    await next.kill('SIGTERM');
  });
});

async function doorsAgree(id: string, status: string): Promise<void> {
  const inStatus = engine.status().targets[0]?.schema?.contract;
  expect(inStatus).toMatchObject({
    id,
    status,
    isCutOff: true,
    next: expect.stringContaining(`bg migrate approve ${id}`),
  });
  const inMigrate = value(await engine.migrations.status({})).contract;
  expect(inMigrate).toMatchObject({ id, status, next: inStatus?.next });
  const refusals = [
    await engine.migrations.contract({ actor: alice }),
    engine.migrations.rejectContract(id, alice, 'no'),
    await engine.migrations.run({
      act: { kind: 'repair', repair: { kind: 'accept-drift' }, because: 'x' },
      actor: bob,
      signal: new AbortController().signal,
      say: () => undefined,
    }),
  ];
  for (const answer of refusals) {
    const { sentence = '', hint = '' } = answer.ok ? {} : answer.refusal;
    expect(sentence).toContain(`${id} of 002_old, 003_older is ${status}`);
    expect(hint).toContain(`bg migrate approve ${id}`);
  }
  const deployment = engine.deploy({ version: 'v2.0', actor: alice });
  expect(deployment.ok ? '' : deployment.refusal.hint).toContain(`bg migrate approve ${id}`);
  expect(engine.migrations.approveContract(id, alice)).toMatchObject({ ok: true, value: { status } });
}
