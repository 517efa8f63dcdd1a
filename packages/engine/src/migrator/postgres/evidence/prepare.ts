// Statements on the changed schema, prepared and planned, never run. Planning sees what preparing does not: rights, and
// the unique index that an ON CONFLICT goes by.

import { messageOf } from '../../../lib/errors.ts';
import type { Prepared } from '../../evidence/prepared.ts';
import { stateOf } from '../errors.ts';
import { parsePostgres } from '../parse.ts';
import type { Session } from '../session.ts';

const preparable = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'];

/** Names of the prepared statements that a session retains, by their text. */
export type KeptStatements = Map<string, string>;

export async function prepareOn(session: Session, statement: string, kept?: KeptStatements): Promise<Prepared> {
  const parsed = parsePostgres(statement);
  if (!parsed.ok) return { kind: 'refused', sentence: parsed.problem.problem };
  const [only, ...more] = parsed.statements;
  if (!only || more.length > 0 || !preparable.some((kind) => kind in only.node)) return { kind: 'skipped' };
  const whenKept = kept && (await tryKept(session, only.text, kept));
  try {
    await session.execute(`PREPARE bg_look AS ${only.text}`);
  } catch (thrown) {
    return { kind: 'refused', sentence: messageOf(thrown) };
  }
  const refused = await planRefused(session, 'bg_look');
  await session.execute('DEALLOCATE bg_look');
  if (refused !== undefined) return { kind: 'refused', sentence: refused };
  return whenKept === undefined ? { kind: 'fits' } : { kind: 'fits', whenKept };
}

/** Prepares and retains it, or returns the server's answer to a retained one. */
async function tryKept(session: Session, text: string, kept: KeptStatements): Promise<string | undefined> {
  const name = kept.get(text);
  if (name !== undefined) return planRefused(session, name);
  const chosen = `bg_kept_${kept.size}`;
  await session.execute(`PREPARE ${chosen} AS ${text}`).then(
    () => kept.set(text, chosen),
    () => undefined,
  );
  return undefined;
}

async function planRefused(session: Session, name: string): Promise<string | undefined> {
  const sql = 'SELECT coalesce(cardinality(parameter_types), 0)::int AS n FROM pg_prepared_statements WHERE name = $1';
  const [row] = await session.ask(sql, [name]);
  const nulls = Array.from({ length: Number(row?.n ?? 0) }, () => 'NULL').join(', ');
  try {
    await session.execute(`EXPLAIN EXECUTE ${name}${nulls === '' ? '' : `(${nulls})`}`);
    return undefined;
  } catch (thrown) {
    // The server may refuse just the NULL (a domain, a division): that does not depend on the schema.
    return /^(42|0A)/.test(stateOf(thrown)) ? messageOf(thrown) : undefined;
  }
}
