// Hand edits of the schema between two runs, found by comparing the catalog with the one that the last run left.

import type { Catalog } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { PhaseContext } from './context.ts';
import type { Ledger } from './progress.ts';

/** Objects that came, went or changed, as sentences in the order of their names. */
export function compareCatalogs(before: Catalog, after: Catalog): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    if (before[name] === after[name]) return [];
    if (before[name] === undefined) return [`${name} was added`];
    return [after[name] === undefined ? `${name} is gone` : `${name} was changed`];
  });
}

const shown = 10;

/** @throws MigrationError `drift`. Nothing is compared where no run has ended yet, or the last one was cut off. */
export async function refuseDrift(
  { database, say }: Pick<PhaseContext, 'database' | 'say'>,
  ledger: Ledger,
): Promise<void> {
  const remembered = await database.rememberedCatalog();
  if (remembered === undefined) {
    if (ledger.length > 0)
      say({
        kind: 'warning',
        id: undefined,
        sentence: 'the last run was cut off: hand edits of the schema since then cannot be told',
      });
    return;
  }
  const differences = compareCatalogs(remembered, await database.catalog());
  if (differences.length === 0) return;
  const more = differences.length > shown ? ` and ${differences.length - shown} more` : '';
  throw new MigrationError(
    'drift',
    `the schema was changed since the last migration, not by one: ${differences.slice(0, shown).join(', ')}${more}`,
    { hint: 'Take the change back, or accept the schema as it is with `bg migrate repair --accept-drift`.' },
  );
}

/** Forgotten before and remembered after: a run that is cut off in between is not taken for a hand edit. */
export async function changingCatalog<T>(
  { database }: Pick<PhaseContext, 'database'>,
  change: () => Promise<T>,
): Promise<T> {
  await database.rememberCatalog(undefined);
  const result = await change();
  await database.rememberCatalog(await database.catalog());
  return result;
}
