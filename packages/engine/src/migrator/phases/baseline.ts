// Takes over an existing database: migrations that describe what it already has are marked as done, and nothing runs.

import { MigrationError } from '../error.ts';
import { filesOf, type Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { printOf, rowOf } from './progress.ts';

/** @param upTo number of the last one that the database has. Repeatable. @returns the ids that were marked */
export async function baseline(
  { database, dialect, lockWaitMs, signal }: PhaseContext,
  migrations: readonly Migration[],
  upTo: number,
): Promise<readonly string[]> {
  return await database.locked(lockWaitMs, signal, async () => {
    const ledger = await database.ledger();
    const known = migrations.filter(({ number }) => number <= upTo);
    if (upTo > 0 && !known.some(({ number }) => number === upTo))
      throw new MigrationError('not-allowed', `this release has no migration with the number ${upTo}`);
    const busy = ledger.find((row) => row.state !== 'done');
    if (busy)
      throw new MigrationError(
        'not-allowed',
        `${busy.id} is ${busy.state}: a database that is being migrated cannot be taken over`,
      );
    const unmarked = known.filter(({ id }) => !rowOf(ledger, id));
    for (const migration of unmarked) {
      const files = filesOf(migration).filter(({ stage }) => stage !== 'revert');
      const prints = Object.fromEntries(files.map((file) => [file.stage, printOf(file, dialect)]));
      await database.mark(migration.id, { state: 'done', files: prints });
    }
    await database.rememberCatalog(await database.catalog());
    return unmarked.map(({ id }) => id);
  });
}
