// Statements on the changed schema, prepared and planned, never run. Planning sees what preparing does not: rights, and
// the unique index that an ON CONFLICT goes by.

import { messageOf } from '../../../lib/errors.ts';
import type { Prepared } from '../../evidence/scratch.ts';
import { stateOf } from '../errors.ts';
import { parsePostgres } from '../parse.ts';
import type { Session } from '../session.ts';

const preparable = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

export async function prepareOn(session: Session, statement: string): Promise<Prepared> {
  const parsed = parsePostgres(statement);
  if (!parsed.ok) return { kind: 'refused', sentence: parsed.problem.problem };
  const [only, ...more] = parsed.statements;
  if (!only || more.length > 0 || !preparable.some((kind) => kind in only.node)) return { kind: 'skipped' };
  try {
    await session.execute(`PREPARE bg_look AS ${only.text}`);
  } catch (thrown) {
    return { kind: 'refused', sentence: messageOf(thrown) };
  }
  const refused = await planRefused(session);
  await session.execute('DEALLOCATE bg_look');
  return refused === undefined ? { kind: 'fits' } : { kind: 'refused', sentence: refused };
}

async function planRefused(session: Session): Promise<string | undefined> {
  const sql =
    "SELECT coalesce(cardinality(parameter_types), 0)::int AS n FROM pg_prepared_statements WHERE name = 'bg_look'";
  const [row] = await session.ask(sql);
  const nulls = Array.from({ length: Number(row?.n ?? 0) }, () => 'NULL').join(', ');
  try {
    await session.execute(`EXPLAIN EXECUTE bg_look${nulls === '' ? '' : `(${nulls})`}`);
    return undefined;
  } catch (thrown) {
    // A NULL may be refused for itself (a domain, a division): that says nothing of the schema.
    return /^(42|0A)/.test(stateOf(thrown)) ? messageOf(thrown) : undefined;
  }
}
