// One statement within its transaction, and what it did: its time, its rows, the locks that it took on existing tables.

import { performance } from 'node:perf_hooks';
import type { StatementSeen } from '../statement-seen.ts';
import { tableStates, tracesBetween } from './evidence/trace.ts';
import type { PostgresStatement } from './parse.ts';
import type { Session } from './session.ts';

/** @throws the server's error */
export async function observed(
  session: Session,
  file: string,
  { text, line }: PostgresStatement,
): Promise<StatementSeen> {
  const [row] = await session.ask('SELECT current_schema() AS schema');
  const schema = String(row?.schema ?? 'public');
  const before = await tableStates(session, schema);
  const began = performance.now();
  const rows = await session.change(text);
  const tookMs = Math.round(performance.now() - began);
  const after = await tableStates(session, schema);
  const locks = tracesBetween(line, before, after).map(({ table, lock, rewritten, scanned }) => {
    const deed = rewritten ? ', all rows written' : scanned ? ', all rows read' : '';
    return `${table}: ${lock}${deed}`;
  });
  return { file, line, text, tookMs, rows, locks };
}
