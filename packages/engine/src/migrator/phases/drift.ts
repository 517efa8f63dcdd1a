// Hand edits of the schema between two runs, found by comparing the catalog with the one that the last run left.

import type { Catalog, SchemaDatabase } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { Migration } from '../files/migration.ts';
import type { PhaseContext } from './context.ts';
import { ownPart } from './own.ts';
import type { Ledger } from './progress.ts';

/** Objects that came, went or changed, as sentences in the order of their names. */
function compareCatalogs(before: Catalog, after: Catalog): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    if (before[name] === after[name]) return [];
    if (before[name] === undefined) return [`${name} was added`];
    return [after[name] === undefined ? `${name} is gone` : `${name} was changed`];
  });
}

/** In what these migrations name; undefined where nothing is remembered. */
export async function findDrift(
  database: Pick<SchemaDatabase, 'catalog' | 'rememberedCatalog' | 'searchPath'>,
  migrations: readonly Migration[],
  shared: readonly string[],
): Promise<readonly string[] | undefined> {
  const remembered = await database.rememberedCatalog();
  if (remembered === undefined) return undefined;
  const ownership = { path: await database.searchPath(), shared };
  const [before, after] = [remembered, await database.catalog()].map((catalog) =>
    ownPart(catalog, migrations, ownership),
  );
  return compareCatalogs(before ?? {}, after ?? {});
}

const shown = 10;

/** @throws MigrationError `drift`. Nothing is compared where no run has ended yet, or the last one was cut off. */
export async function refuseDrift(
  { database, say, sharedTables }: Pick<PhaseContext, 'database' | 'say' | 'sharedTables'>,
  migrations: readonly Migration[],
  ledger: Ledger,
): Promise<void> {
  const differences = await findDrift(database, migrations, sharedTables);
  if (differences === undefined) {
    if (ledger.length > 0)
      say({
        kind: 'warning',
        id: undefined,
        sentence: 'the last run was cut off: hand edits of the schema since then are not known',
      });
    return;
  }
  if (differences.length === 0) return;
  const more = differences.length > shown ? ` and ${differences.length - shown} more` : '';
  throw new MigrationError(
    'drift',
    `the schema was changed since the last migration, not by one: ${differences.slice(0, shown).join(', ')}${more}`,
    {
      hint: 'Take the change back, or accept the schema as it is with `bg migrate repair --accept-drift`. A table that others change too is named in `database.sharedTables`.',
    },
  );
}

/** Deleted before and stored after: a run that is cut off in between is not reported as a hand edit. */
export async function changingCatalog<T>(
  { database }: Pick<PhaseContext, 'database'>,
  change: () => Promise<T>,
): Promise<T> {
  await database.rememberCatalog(undefined);
  const result = await change();
  await database.rememberCatalog(await database.catalog());
  return result;
}
