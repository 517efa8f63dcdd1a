// The state of a migration, read only from its ledger row and its files.

import type { FilePrint, LedgerRow, MigrationState } from '../database.ts';
import type { Dialect } from '../dialect.ts';
import type { Migration, SqlFile, Stage } from '../files/migration.ts';

export type Ledger = readonly LedgerRow[];

const stageOf: Partial<Record<MigrationState, Stage>> = {
  expanding: 'expand',
  backfilling: 'backfill',
  contracting: 'contract',
  reverting: 'revert',
};

export const rowOf = (ledger: Ledger, id: string): LedgerRow | undefined => ledger.find((row) => row.id === id);

/** The stage that was begun and has not ended: running, killed, failed or blocked. */
export function unfinishedStage(row: LedgerRow): Stage | undefined {
  return stageOf[row.during ?? row.state];
}

export function hasRun(row: LedgerRow | undefined, stage: Stage): boolean {
  return row?.files[stage] !== undefined && unfinishedStage(row) !== stage;
}

/**
 * The schema has it: everything up to the expand step is done. A row without a print of its expand file is one that had
 * nothing to expand, or is waiting at a later stage.
 */
export function isExpanded(migration: Migration, row: LedgerRow | undefined): boolean {
  if (row === undefined || ['expand', 'revert'].includes(unfinishedStage(row) ?? '')) return false;
  return migration.expand === undefined || hasRun(row, 'expand');
}

/** The state in which a migration rests once `done` stages are behind it. */
export function restingState(migration: Migration, done: (stage: Stage) => boolean): MigrationState {
  if (migration.backfill && !done('backfill')) return 'expanded';
  return migration.contract && !done('contract') ? 'ready' : 'done';
}

export function printOf({ checksum, text }: SqlFile, dialect: Pick<Dialect, 'fingerprint'>): FilePrint {
  return { checksum, fingerprint: dialect.fingerprint(text) };
}

/** Where DDL can be rolled back, a file that failed left nothing behind. */
export const leavesNothing = ({ transactionalSchema }: Pick<Dialect, 'transactionalSchema'>, file: SqlFile): boolean =>
  transactionalSchema && file.transaction;
