// Widens the schema so that both releases work on it: each new migration in its own transaction, in order of number.

import type { Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { refuseDrift } from './drift.ts';
import { refuseEdits } from './edits.ts';
import { planExpand } from './plan.ts';
import { hasRun, restingState } from './progress.ts';
import { refuseDisorder, stopIfAsked } from './refuse.ts';
import { runStage } from './run-stage.ts';

/**
 * Repeatable: continues what was cut off or blocked. If nothing is left to run, it refuses only edited files: a person
 * can always go back to a release that the database knows already.
 * @returns the ids that were expanded. @throws MigrationError
 */
export async function expand(context: PhaseContext, migrations: readonly Migration[]): Promise<readonly string[]> {
  const { database, lockWaitMs, signal } = context;
  const ledger = await database.ledger();
  if (planExpand(migrations, ledger).length === 0) {
    refuseEdits(context, migrations, ledger);
    return [];
  }
  return await database.locked(lockWaitMs, signal, () => expandAll(context, migrations));
}

async function expandAll(context: PhaseContext, migrations: readonly Migration[]): Promise<readonly string[]> {
  const ledger = await context.database.ledger();
  refuseEdits(context, migrations, ledger);
  refuseDisorder(context.dialect, migrations, ledger);
  await refuseDrift(context, migrations, ledger);
  const planned = planExpand(migrations, ledger);
  for (const each of planned) {
    stopIfAsked(context.signal);
    await expandOne(context, each);
  }
  return planned.map(({ migration }) => migration.id);
}

async function expandOne(
  context: PhaseContext,
  { migration, file, row }: ReturnType<typeof planExpand>[number],
): Promise<void> {
  const state = restingState(migration, (stage) => stage === 'expand' || hasRun(row, stage));
  if (!file) return await context.database.mark(migration.id, { state });
  const outcome = { state, during: undefined, problem: undefined, statementsDone: 0 };
  await runStage(context, { migration, file, row, during: 'expanding', outcome });
}
