// The schema as names and definitions, in one query. What belongs to the migrating role or is on its search_path; not
// what extensions added, and not partitions, which are made and dropped by a clock.

import type { Catalog } from '../database.ts';
import { catalogSql } from './catalog-sql.ts';
import type { LedgerTables } from './ledger.ts';
import type { Session } from './session.ts';

/** Large schemas have tens of thousands of columns. */
const limitMs = 55_000;

export async function readSchema(session: Session, { ledger, catalog }: LedgerTables): Promise<Catalog> {
  const rows = await session.ask(catalogSql, [ledger, catalog], limitMs);
  return Object.fromEntries(
    rows
      .map(({ name, definition }): [string, string] => [String(name), String(definition)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
