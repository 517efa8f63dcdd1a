// Removes what only older releases need. The caller knows whether one of them may still get users; this module checks
// whether the database is ready.

import { MigrationError } from '../error.ts';
import type { Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { refuseDrift } from './drift.ts';
import { refuseEdits } from './edits.ts';
import { type ContractPlan, planContract } from './plan.ts';
import { refuseDisorder, stopIfAsked } from './refuse.ts';
import { runStage } from './run-stage.ts';

/** @param ids what was approved. @returns those that were contracted now. @throws MigrationError `not-allowed` before it begins when one is not ready */
export async function contract(
  context: PhaseContext,
  migrations: readonly Migration[],
  ids: readonly string[],
): Promise<readonly string[]> {
  const { database, lockWaitMs, signal } = context;
  return await database.locked(lockWaitMs, signal, async () => {
    const ledger = await database.ledger();
    refuseEdits(context, migrations, ledger);
    refuseDisorder(context.dialect, migrations, ledger);
    const chosen = choose(planContract(migrations, ledger), migrations, ids);
    if (chosen.length > 0) await refuseDrift(context, migrations, ledger);
    for (const { migration, file, row } of chosen) {
      stopIfAsked(signal);
      const outcome = { state: 'done', during: undefined, problem: undefined, statementsDone: 0 } as const;
      await runStage(context, { migration, file, row, during: 'contracting', outcome });
    }
    return chosen.map(({ migration }) => migration.id);
  });
}

/** What of `ids` is ready; one that is contracted already is no fault, so that it can be repeated. */
function choose({ ready, waiting }: ContractPlan, migrations: readonly Migration[], ids: readonly string[]) {
  const unknown = ids
    .filter((id) => !migrations.some((migration) => migration.id === id && migration.contract))
    .map((id) => `${id} has no contract file in this release`);
  const early = waiting.filter(({ id }) => ids.includes(id)).map(({ id, why }) => `${id}: ${why}`);
  if (unknown.length + early.length > 0)
    throw new MigrationError('not-allowed', [...unknown, ...early].join('; '), { hint: 'See `bg migrate status`.' });
  return ready.filter(({ migration }) => ids.includes(migration.id));
}
