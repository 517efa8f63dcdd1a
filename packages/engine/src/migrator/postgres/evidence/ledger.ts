// The engine's ledger on the copy: a file after which it cannot be written fails here, and not in production.

import { createTables, type LedgerTables, ledgerTables, locate, writeCatalog, writeLedger } from '../ledger.ts';
import type { Session } from '../session.ts';
import { as } from './session.ts';

/** Undefined where it cannot be made: production's own schema says why when it is to be written there. */
export async function makeLedger(
  session: Session,
  table: string | undefined,
  owner: string | undefined,
): Promise<LedgerTables | undefined> {
  if (table === undefined) return undefined;
  const tables = ledgerTables(table);
  try {
    await as(session, owner, () => createTables(session, tables));
    return await locate(session, tables);
  } catch {
    return undefined;
  }
}

const row = 'bg_scratch';

/** Within the transaction of a file, or behind it. @throws the server's error */
export async function writeAsEngine(session: Session, tables: LedgerTables): Promise<void> {
  await writeLedger(
    { session, tables },
    row,
    { state: 'expanded', files: {}, statementsDone: 0, problem: undefined },
    0,
  );
  await writeLedger({ session, tables }, row, 'forgotten', 0);
  await writeCatalog(session, tables, undefined);
}
