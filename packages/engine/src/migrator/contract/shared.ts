// Several services, a monitor and extensions in one database: what the others change is no drift of this service.

import { expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import type { SchemaDatabase } from '../database.ts';
import type { Migration } from '../files/migration.ts';
import type { PhaseContext } from '../phases/context.ts';
import { expand } from '../phases/expand.ts';
import { status } from '../phases/status.ts';
import { aMigration } from '../testing/a-migration.ts';
import { neverAborted, type Stage, testLimits } from './fixture.ts';

const orders = aMigration('001_orders', { expand: 'CREATE TABLE orders (id INTEGER PRIMARY KEY);' });
const note = aMigration('002_note', { expand: 'ALTER TABLE orders ADD COLUMN note VARCHAR(20);' });
const invoices = aMigration('001_invoices', { expand: 'CREATE TABLE invoices (id INTEGER PRIMARY KEY);' });
const paid = aMigration('002_paid', { expand: 'ALTER TABLE invoices ADD COLUMN paid INTEGER;' });

export function sharedContract(stage: () => Stage): void {
  const contextOf = (database: SchemaDatabase, sharedTables: readonly string[] = []): PhaseContext => ({
    database,
    dialect: stage().fixture.dialect,
    clock: systemClock,
    limits: testLimits,
    lockWaitMs: 10_000,
    sharedTables,
    signal: neverAborted,
    say: () => undefined,
  });
  const driftOf = async (database: SchemaDatabase, migrations: readonly Migration[]) =>
    (await status(database, stage().fixture.dialect, migrations)).drift;

  test('two services see no drift in what the other, a monitor or an extension changes', async () => {
    const { fixture, database: shop, another } = stage();
    const billing = await another('billing_migrations');
    await expand(contextOf(shop), [orders]);
    await expand(contextOf(billing), [invoices]);
    await fixture.query('CREATE TABLE monitor_samples (id INTEGER PRIMARY KEY, orders INTEGER)');
    await fixture.query('CREATE INDEX monitor_samples_orders ON monitor_samples (orders)');
    if (fixture.dialect.kind === 'postgres') {
      await fixture.query('CREATE EXTENSION pg_trgm');
      await fixture.query('CREATE SCHEMA reports');
      await fixture.query('CREATE TABLE reports.orders (id bigint)');
    }
    expect(await driftOf(shop, [orders, note])).toEqual([]);
    expect(await expand(contextOf(shop), [orders, note])).toEqual(['002_note']);
    expect(await driftOf(billing, [invoices, paid])).toEqual([]);
    expect(await expand(contextOf(billing), [invoices, paid])).toEqual(['002_paid']);
    await fixture.query('DROP TABLE monitor_samples');
    expect(await driftOf(shop, [orders, note])).toEqual([]);
    expect(await driftOf(billing, [invoices, paid])).toEqual([]);
  });

  test('a hand edit is drift of the service whose table it is, unless the table is shared', async () => {
    const { fixture, database: shop, another } = stage();
    const billing = await another('billing_migrations');
    await expand(contextOf(shop), [orders]);
    await expand(contextOf(billing), [invoices]);
    await fixture.query('CREATE INDEX by_hand ON orders (id)');
    await expect(expand(contextOf(shop), [orders, note])).rejects.toMatchObject({
      code: 'drift',
      message: expect.stringMatching(/index \S*by_hand was added/),
      hint: expect.stringContaining('database.sharedTables'),
    });
    expect(await expand(contextOf(billing), [invoices, paid])).toEqual(['002_paid']);
    expect(await expand(contextOf(shop, ['ord*']), [orders, note])).toEqual(['002_note']);
  });
}
