// One scratch file, from its first statement to its end.

import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { giveThroughHelper, slotOfAccount } from '../../../lib/account-helper.ts';
import type { Account } from '../../../lib/accounts.ts';
import { messageOf } from '../../../lib/errors.ts';
import { runThroughHelper } from '../../../lib/run-as.ts';
import type { Dialect } from '../../dialect.ts';
import type { Prepared } from '../../evidence/prepared.ts';
import { rehearse } from '../../evidence/rehearsal/rehearse.ts';
import { type Applied, applyAll, ledgerRefused, type ScratchCopy } from '../../evidence/scratch.ts';
import type { SqlFile } from '../../files/migration.ts';
import { createConnection } from '../connection.ts';
import { createTables, type LedgerTables, tryTables } from '../ledger.ts';
import { parseSqlite } from '../parse.ts';
import { readShape } from './shape.ts';
import { trialSession } from './trial-session.ts';

export interface CopyOptions {
  readonly folder: string;
  readonly file: string;
  readonly addressOf: (file: string) => string;
  readonly ledger: LedgerTables;
  readonly split: Dialect['split'];
  readonly signal: AbortSignal;
}

export function openCopy({ folder, file, addressOf, ledger, split, signal }: CopyOptions): ScratchCopy {
  const database = new Database(file);
  const hasLedger = makeLedger(database, ledger);
  let lent = 0;
  return {
    made: "the file's schema, copied without rows",
    notChecked: ['how long writers wait: SQLite locks the whole file while a migration runs'],
    async apply(migration) {
      signal.throwIfAborted();
      return applyFile(database, migration, { split, ledger: hasLedger ? ledger : undefined });
    },
    shape: async () => readShape(database),
    async prepare(statements) {
      return statements.map((statement) => {
        signal.throwIfAborted();
        return prepareOn(database, statement);
      });
    },
    ledgerTables: ledger.names,
    async rehearse({ files, ...plan }) {
      lent += 1;
      const other = join(folder, `tried-${lent}.sqlite`);
      database.prepare('VACUUM INTO ?').run(other);
      const connection = createConnection(other, join(folder, 'tried.lock'), async () => undefined);
      const here = new Database(other);
      try {
        const trial = trialSession(connection, { shape: () => readShape(here), signal });
        const apply = async (file: SqlFile) => applyFile(here, file, { split, ledger: hasLedger ? ledger : undefined });
        return await rehearse(trial, plan, () => applyAll(files, apply));
      } finally {
        here.close();
        await connection.close();
      }
    },
    async lend(work, to) {
      lent += 1;
      // A separate folder, in which programs that write to the copy put its journal.
      const place = join(folder, `lent-${lent}`);
      mkdirSync(place, { mode: 0o700 });
      const other = join(place, 'copy.sqlite');
      database.prepare('VACUUM INTO ?').run(other);
      if (to === undefined || to.uid === process.getuid?.()) return work(addressOf(other));
      chmodSync(folder, 0o711);
      const takeBack = await lendTo(to, { place, file: other });
      try {
        return await work(addressOf(other));
      } finally {
        await takeBack();
      }
    },
    async drop() {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const clearMs = 10_000;

/**
 * An engine that is not root keeps the folder; the account writes into it through its group.
 * @returns what removes folders that the account made there, which this process may not enter
 */
async function lendTo(
  account: Account,
  { place, file }: { readonly place: string; readonly file: string },
): Promise<() => Promise<void>> {
  const slot = slotOfAccount(account);
  if (slot === undefined) {
    for (const path of [file, place]) chownSync(path, account.uid, account.gid);
    return async () => {};
  }
  for (const path of [file, place]) await giveThroughHelper(slot, path);
  chmodSync(place, 0o770);
  const argv = ['/usr/bin/find', place, '-mindepth', '1', '-delete'] as const;
  return async () => void (await runThroughHelper(slot, { argv, timeoutMs: clearMs }));
}

/** Reach into other files: on a copy nothing else may be touched. */
const reachesOut = /^(?:attach|detach|vacuum)\b/i;

/** False for tables of these names that are something else: the engine says so itself when it is to write there. */
function makeLedger(database: Database.Database, ledger: LedgerTables): boolean {
  try {
    database.exec(createTables(ledger));
    database.exec(`BEGIN; ${tryTables(ledger)} ROLLBACK`);
    return true;
  } catch {
    if (database.inTransaction) database.exec('ROLLBACK');
    return false;
  }
}

function applyFile(
  database: Database.Database,
  file: SqlFile,
  { split, ledger }: { readonly split: Dialect['split']; readonly ledger: LedgerTables | undefined },
): Applied {
  const found = split(file.text);
  if (!found.ok) return { ok: false, line: found.problem.line, sentence: found.problem.problem };
  // As in a rebuild: rows that are not there refer to nothing.
  database.pragma('foreign_keys = OFF');
  if (file.transaction) database.exec('BEGIN');
  for (const { text, line } of found.statements) {
    try {
      if (file.stage === 'backfill') database.prepare(text);
      else if (reachesOut.test(text)) continue;
      else database.exec(text);
    } catch (thrown) {
      if (database.inTransaction) database.exec('ROLLBACK');
      return { ok: false, line, sentence: messageOf(thrown) };
    }
  }
  try {
    if (ledger) database.exec(tryTables(ledger));
    if (database.inTransaction) database.exec('COMMIT');
    return { ok: true, traces: [] };
  } catch (thrown) {
    if (database.inTransaction) database.exec('ROLLBACK');
    return { ok: false, line: found.statements.at(-1)?.line ?? 1, sentence: ledgerRefused(messageOf(thrown)) };
  }
}

const preparable = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt'];

function prepareOn(database: Database.Database, statement: string): Prepared {
  const parsed = parseSqlite(statement);
  if (!parsed.ok) return { kind: 'refused', sentence: parsed.problem.problem };
  const [only, ...more] = parsed.statements;
  if (!only || more.length > 0 || !preparable.includes(only.node.type)) return { kind: 'skipped' };
  try {
    database.prepare(only.text);
    return { kind: 'fits' };
  } catch (thrown) {
    return { kind: 'refused', sentence: messageOf(thrown) };
  }
}
