// Whether a release can run on the schema as it is, by the ledger and its own files: it must know the shape that is left
// after every contract, and have what it adds itself. Pure.

import type { Migration } from './files/migration.ts';
import type { SchemaVerdict } from './migrator.ts';
import { isExpanded, type Ledger, rowOf } from './phases/progress.ts';

/** `afterwards`: ids that count as contracted too. */
export function fit(
  migrations: readonly Migration[],
  ledger: Ledger,
  afterwards: readonly string[] = [],
): SchemaVerdict {
  const lost = [...new Set([...contracted(ledger), ...afterwards])].filter((id) => !knowsContract(migrations, id));
  if (lost.length > 0)
    return {
      verdict: 'incompatible',
      lost,
      evidence: `${listed(lost)} ${lost.length === 1 ? 'takes' : 'take'} away what this release was written for`,
    };
  const missing = migrations.filter((migration) => !isExpanded(migration, rowOf(ledger, migration.id)));
  if (missing.length > 0)
    return {
      verdict: 'incompatible',
      lost: [],
      evidence: `${listed(missing.map(({ id }) => id))} ${missing.length === 1 ? 'is' : 'are'} not expanded in this database`,
    };
  return {
    verdict: 'compatible',
    lost: [],
    evidence:
      migrations.length === 0
        ? 'it brings no migration, and nothing was contracted'
        : `it knows every contract that was run, and its ${migrations.length === 1 ? 'migration is' : `${migrations.length} migrations are`} expanded`,
  };
}

/** A release that contains a contract file was written for the schema after it, another for the schema before. */
const knowsContract = (migrations: readonly Migration[], id: string): boolean =>
  migrations.some((migration) => migration.id === id && migration.contract !== undefined);

/** Begun counts: where a statement commits by itself, a part of it is gone already. */
const contracted = (ledger: Ledger): readonly string[] =>
  ledger.filter(({ files }) => files.contract !== undefined).map(({ id }) => id);

const listed = (ids: readonly string[]): string => ids.join(', ');
