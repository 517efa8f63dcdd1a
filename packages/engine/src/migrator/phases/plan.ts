// What would run now. Pure: files and ledger in, decision out.

import type { LedgerRow } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import type { BackfillFile, Migration, SqlFile } from '../files/migration.ts';
import { hasRun, isExpanded, type Ledger, leavesNothing, rowOf, unfinishedStage } from './progress.ts';

type Transactions = Pick<Dialect, 'transactionalSchema'>;

export interface Planned<File = SqlFile> {
  readonly migration: Migration;
  /** Undefined for a migration that has nothing to expand: only its row is made. */
  readonly file: File;
  readonly row: LedgerRow | undefined;
}

/** Migrations that this release would expand now, in order: new ones, and those that were cut off, blocked or fixed. */
export function planExpand(migrations: readonly Migration[], ledger: Ledger): readonly Planned<SqlFile | undefined>[] {
  return migrations
    .map((migration) => ({ migration, file: migration.expand, row: rowOf(ledger, migration.id) }))
    .filter(({ migration, row }) => !isExpanded(migration, row));
}

/** Expanded, and its rows not yet filled. */
export function planBackfill(migrations: readonly Migration[], ledger: Ledger): readonly Planned<BackfillFile>[] {
  return migrations.flatMap((migration) => {
    const row = rowOf(ledger, migration.id);
    const file = migration.backfill;
    return file && isExpanded(migration, row) && !hasRun(row, 'backfill') ? [{ migration, file, row }] : [];
  });
}

export interface ContractPlan {
  readonly ready: readonly Planned[];
  readonly waiting: readonly { readonly id: string; readonly why: string }[];
}

/** Contract files that have not run: those that may, and what the others wait for in the database. */
export function planContract(migrations: readonly Migration[], ledger: Ledger): ContractPlan {
  const ready: Planned[] = [];
  const waiting: { id: string; why: string }[] = [];
  for (const migration of migrations) {
    const row = rowOf(ledger, migration.id);
    if (!migration.contract || hasRun(row, 'contract')) continue;
    const why = whyNotContract(migration, row);
    if (why) waiting.push({ id: migration.id, why });
    else ready.push({ migration, file: migration.contract, row });
  }
  return { ready, waiting };
}

function whyNotContract(migration: Migration, row: LedgerRow | undefined): string | undefined {
  if (!isExpanded(migration, row)) return 'it is not expanded';
  return migration.backfill && !hasRun(row, 'backfill') ? 'its backfill is not done' : undefined;
}

/** A failure stops until a person checked it, or fixed the file of a step that left no effect. */
export function findFailures(
  migrations: readonly Migration[],
  ledger: Ledger,
  dialect: Transactions,
): readonly string[] {
  return ledger.flatMap((row) => {
    const { id, state, during, problem } = row;
    if (unfinishedStage(row) === 'revert')
      return [`${id} was being taken back: finish that with \`bg migrate revert ${id}\``];
    if (state !== 'failed' || isFixed(row, migrations, dialect)) return [];
    return [`${id} failed while ${during ?? 'running'}: ${problem ?? 'no reason is known'}`];
  });
}

function isFixed(row: LedgerRow, migrations: readonly Migration[], dialect: Transactions): boolean {
  const stage = unfinishedStage(row);
  const file = stage && migrations.find(({ id }) => id === row.id)?.[stage];
  return (
    file !== undefined &&
    leavesNothing(dialect, file) &&
    row.cursor === undefined &&
    row.files[file.stage]?.checksum !== file.checksum
  );
}

/** Numbers and requirements that do not fit what the database has. */
export function findUnordered(migrations: readonly Migration[], ledger: Ledger): readonly string[] {
  return [...renumbered(migrations, ledger), ...missingRequirements(migrations, ledger)];
}

/** An applied migration under a new name would run a second time. */
function renumbered(migrations: readonly Migration[], ledger: Ledger): readonly string[] {
  return migrations.flatMap(({ id, number }) => {
    if (rowOf(ledger, id)) return [];
    const taken = ledger.find(
      (row) => Number.parseInt(row.id, 10) === number && !migrations.some((other) => other.id === row.id),
    );
    return taken ? [`${id} has the number of ${taken.id}, which this database has and this release does not`] : [];
  });
}

function missingRequirements(migrations: readonly Migration[], ledger: Ledger): readonly string[] {
  return planExpand(migrations, ledger).flatMap(({ migration }) =>
    migration.requires
      .filter((id) => {
        const other = migrations.find((each) => each.id === id);
        // One of this release comes earlier and is expanded first; one of another release must be there already.
        if (other) return other.number >= migration.number;
        const row = rowOf(ledger, id);
        return !row || ['expand', 'revert'].includes(unfinishedStage(row) ?? '');
      })
      .map((id) => `${migration.id} requires ${id}, which is neither in this database nor earlier in this release`),
  );
}
