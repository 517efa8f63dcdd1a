// What a person decides after a failure: the engine never guesses what the database holds. The reason is for the
// caller's audit; the row stores it too, for those who see only the database.

import type { LedgerChange, LedgerRow, MigrationState } from '../database.ts';
import { MigrationError } from '../error.ts';
import { filesOf, type Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { printOf, restingState, rowOf, unfinishedStage } from './progress.ts';

export type Repair =
  /** The unfinished step was finished by hand. */
  | { readonly kind: 'mark-applied'; readonly id: string }
  /** Nothing of the unfinished step exists, or it was reverted by hand. */
  | { readonly kind: 'mark-pending'; readonly id: string }
  /** The current files replace the ones that ran. */
  | { readonly kind: 'accept-edit'; readonly id: string }
  /** The schema as it is now is what the next run begins with. */
  | { readonly kind: 'accept-drift' };

/** @param because the person and the reason, in one sentence. @throws MigrationError `not-allowed` */
export async function repair(
  context: PhaseContext,
  migrations: readonly Migration[],
  act: Repair,
  because: string,
): Promise<void> {
  const { database, lockWaitMs, signal } = context;
  await database.locked(lockWaitMs, signal, async () => {
    if (act.kind !== 'accept-drift') await repairRow(context, migrations, act, because);
    await database.rememberCatalog(await database.catalog());
  });
}

async function repairRow(
  { database, dialect }: PhaseContext,
  migrations: readonly Migration[],
  { kind, id }: Exclude<Repair, { kind: 'accept-drift' }>,
  because: string,
): Promise<void> {
  const migration = migrations.find((each) => each.id === id);
  if (!migration) throw new MigrationError('not-allowed', `this release has no migration ${id}`);
  const row = rowOf(await database.ledger(), id);
  if (!row) throw new MigrationError('not-allowed', `${id} is pending in this database: there is nothing to repair`);
  if (kind === 'accept-edit') {
    const files = filesOf(migration).filter(({ stage }) => row.files[stage]);
    const prints = Object.fromEntries(files.map((file) => [file.stage, printOf(file, dialect)]));
    return await database.mark(id, { files: { ...row.files, ...prints }, problem: because });
  }
  const change = kind === 'mark-applied' ? asApplied(migration, row) : asPending(migration, row);
  if (change === undefined)
    throw new MigrationError('not-allowed', `${id} is ${row.state}: no step of it is unfinished`);
  if (change === 'forgotten') return await database.forget(id);
  await database.mark(id, { during: undefined, statementsDone: 0, problem: because, ...change });
}

function asApplied(migration: Migration, row: LedgerRow): LedgerChange | 'forgotten' | undefined {
  const stage = unfinishedStage(row);
  if (stage === undefined) return undefined;
  if (stage === 'revert') return 'forgotten';
  return { state: restingState(migration, (other) => other === stage || row.files[other] !== undefined) };
}

function asPending(migration: Migration, row: LedgerRow): LedgerChange | 'forgotten' | undefined {
  const stage = unfinishedStage(row);
  if (stage === undefined) return undefined;
  if (stage === 'expand') return 'forgotten';
  const files = { ...row.files };
  delete files[stage];
  const state: MigrationState = restingState(migration, (other) => other !== stage && files[other] !== undefined);
  // A backfill that is marked pending fills the whole table again: what failed may be behind its cursor.
  return { state, files, ...(stage === 'backfill' ? { cursor: undefined, rowsDone: 0 } : {}) };
}
