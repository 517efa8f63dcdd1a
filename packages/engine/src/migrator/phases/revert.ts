// Reverts an expand step. Never part of a rollback: an expanded schema serves the old release as well.

import { MigrationError } from '../error.ts';
import type { Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { refuseDrift } from './drift.ts';
import { refuseEdits } from './edits.ts';
import { isExpanded, type Ledger, rowOf, unfinishedStage } from './progress.ts';
import { runStage } from './run-stage.ts';

export interface RevertChoice {
  readonly id: string;
  /** The caller has seen that no release needs it: then what a backfill wrote may be lost with it. */
  readonly nothingNeedsIt: boolean;
}

/** @throws MigrationError `not-allowed` with the reasons against it */
export async function revert(
  context: PhaseContext,
  migrations: readonly Migration[],
  choice: RevertChoice,
): Promise<void> {
  const { database, lockWaitMs, signal } = context;
  await database.locked(lockWaitMs, signal, async () => {
    const ledger = await database.ledger();
    refuseEdits(context, migrations, ledger);
    const why = whyNotRevert(migrations, ledger, choice);
    if (why) throw new MigrationError('not-allowed', `${choice.id} cannot be taken back: ${why}`);
    await refuseDrift(context, migrations, ledger);
    const migration = migrations.find(({ id }) => id === choice.id);
    const row = rowOf(ledger, choice.id);
    if (!migration?.revert) return await database.forget(choice.id);
    await runStage(context, { migration, file: migration.revert, row, during: 'reverting', outcome: 'forgotten' });
  });
}

/** Pure. Undefined when it may be reverted. */
export function whyNotRevert(
  migrations: readonly Migration[],
  ledger: Ledger,
  { id, nothingNeedsIt }: RevertChoice,
): string | undefined {
  const row = rowOf(ledger, id);
  const migration = migrations.find((each) => each.id === id);
  if (!row) return 'it is pending in this database';
  if (!migration) return 'this release has no such migration, so its revert file is not known';
  if (row.files.contract) return 'its contract step was begun, which has no way back';
  if (unfinishedStage(row) === 'expand') return `its expand step is ${row.state}; repair that first`;
  if (row.files.backfill && !nothingNeedsIt) return 'its backfill was begun, and a release may need what it wrote';
  if (!migration.revert && migration.expand) return `there is no ${id}.revert.sql`;
  const dependants = migrations.filter(
    (each) => each.requires.includes(id) && isExpanded(each, rowOf(ledger, each.id)),
  );
  if (dependants.length > 0) return `${dependants.map((each) => each.id).join(', ')} requires it`;
  return undefined;
}
