// Whether an existing index is the one that a file asks for. The server answers: the same index is built on an empty
// table of the same columns, and the two definitions are compared.

import type { IndexStmt } from 'libpg-query';
import { MigrationError } from '../error.ts';
import { print, relationSql } from './rules/tree.ts';
import type { Session } from './session.ts';

const probe = 'bluegreen_probe';

/** False also where this cannot be checked, as for a role that may not make temporary tables. */
export async function hasSameDefinition(
  session: Session,
  statement: IndexStmt,
  found: { readonly definition: string },
): Promise<boolean> {
  if (!statement.relation) return false;
  const { if_not_exists: _, concurrent: __, tableSpace: ___, ...wanted } = statement;
  const relation = { relname: probe, inh: true, relpersistence: 't' } as const;
  await session.ask('BEGIN');
  try {
    await session.ask(`CREATE TEMPORARY TABLE ${probe} (LIKE ${relationSql(statement.relation)}) ON COMMIT DROP`);
    await session.ask(print({ IndexStmt: { ...wanted, idxname: `${probe}_index`, relation } }));
    const [row] = await session.ask('SELECT pg_get_indexdef(to_regclass($1)) AS definition', [
      `pg_temp.${probe}_index`,
    ]);
    return essence(String(row?.definition)) === essence(found.definition);
  } catch (thrown) {
    if (thrown instanceof MigrationError || !session.isAlive()) throw thrown;
    return false;
  } finally {
    if (session.isAlive()) await session.ask('ROLLBACK').catch(() => session.destroy());
  }
}

/** Whether it is unique, and everything behind the names of index and table. */
function essence(definition: string): string {
  return `${definition.startsWith('CREATE UNIQUE')} ${definition.slice(definition.indexOf(' USING '))}`;
}
