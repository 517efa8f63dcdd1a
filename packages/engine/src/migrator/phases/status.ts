// The state of all migrations, for people and for gates. Reads only, and takes no lock.

import type { LedgerRow, MigrationState, SchemaDatabase } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import type { Migration } from '../files/migration.ts';
import { findDrift } from './drift.ts';
import { type Edits, findEdits } from './edits.ts';
import { planBackfill, planContract, planExpand } from './plan.ts';
import { rowOf } from './progress.ts';

export interface SchemaStatus {
  /** Of the release, then those that only the database knows: a newer release added them. */
  readonly migrations: readonly MigrationStatus[];
  /** Ids that each phase would run now. */
  readonly next: {
    readonly expand: readonly string[];
    readonly backfill: readonly string[];
    readonly contract: readonly string[];
  };
  readonly edits: Edits;
  /** What changed in the schema since the last run, not by one; undefined where nothing is remembered. */
  readonly drift: readonly string[] | undefined;
}

export interface MigrationStatus {
  readonly id: string;
  readonly state: MigrationState | 'pending';
  readonly row: LedgerRow | undefined;
  readonly inRelease: boolean;
}

export async function status(
  database: SchemaDatabase,
  dialect: Pick<Dialect, 'fingerprint'>,
  migrations: readonly Migration[],
  sharedTables: readonly string[] = [],
): Promise<SchemaStatus> {
  const ledger = await database.ledger();
  const idsOf = (planned: readonly { readonly migration: Migration }[]) => planned.map(({ migration }) => migration.id);
  const known = migrations.map(({ id }) => ({ id, row: rowOf(ledger, id), inRelease: true }));
  const unknown = ledger
    .filter(({ id }) => !migrations.some((migration) => migration.id === id))
    .map((row) => ({ id: row.id, row, inRelease: false }));
  return {
    migrations: [...known, ...unknown].map((each) => ({ ...each, state: each.row?.state ?? 'pending' })),
    next: {
      expand: idsOf(planExpand(migrations, ledger)),
      backfill: idsOf(planBackfill(migrations, ledger)),
      contract: idsOf(planContract(migrations, ledger).ready),
    },
    edits: findEdits(migrations, ledger, dialect.fingerprint),
    drift: await findDrift(database, migrations, sharedTables),
  };
}
