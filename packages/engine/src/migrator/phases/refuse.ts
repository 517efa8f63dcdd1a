// What must be in order before anything is run.

import type { Dialect } from '../dialect.ts';
import { MigrationError } from '../error.ts';
import type { Migration } from '../files/migration.ts';
import { findFailures, findUnordered } from './plan.ts';
import type { Ledger } from './progress.ts';

/** @throws MigrationError `dirty` while a failed step waits for a person, `not-allowed` for ids that do not fit the ledger */
export function refuseDisorder(
  dialect: Pick<Dialect, 'transactionalSchema'>,
  migrations: readonly Migration[],
  ledger: Ledger,
): void {
  const failures = findFailures(migrations, ledger, dialect);
  if (failures.length > 0)
    throw new MigrationError('dirty', failures.join('; '), {
      hint: 'Mend what it says, then run `bg migrate repair <id> --mark-pending` or, where the step was finished by hand, `--mark-applied`.',
    });
  const unordered = findUnordered(migrations, ledger);
  if (unordered.length > 0)
    throw new MigrationError('not-allowed', unordered.join('; '), {
      hint: 'An applied migration keeps its number and name; a new one takes the next free number. Where another service keeps its record in the same table, give each its own as `database.table`.',
    });
}

/** @throws MigrationError `stopped` */
export function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new MigrationError('stopped', 'the migration was stopped; the next run goes on from here');
}
