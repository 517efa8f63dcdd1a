// One file in one transaction. SQLite's schema is transactional, and its lock is the whole database: nothing is read or
// thought about between BEGIN and COMMIT that could be before.

import { performance } from 'node:perf_hooks';
import type { LedgerOutcome, RunLimits } from '../database.ts';
import type { Statement, Statements } from '../dialect.ts';
import { MigrationError } from '../error.ts';
import type { SqlFile } from '../files/migration.ts';
import type { SeeStatement } from '../statement-seen.ts';
import type { Connection } from './connection.ts';
import { migrationErrorOf } from './failure.ts';
import { changeSql, forgetSql, type LedgerTables } from './ledger.ts';

export interface FileRun {
  readonly id: string;
  readonly file: SqlFile;
  readonly outcome: LedgerOutcome;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
  readonly tables: LedgerTables;
  readonly now: number;
  /** Called with each statement. */
  readonly see?: SeeStatement | undefined;
}

/** @throws SqliteError busy, for another try; MigrationError otherwise */
export async function runFile(
  connection: Connection,
  split: (text: string) => Statements,
  run: FileRun,
): Promise<void> {
  const statements = statementsOf(run.file, split);
  if (run.file.transaction) await inOneTransaction(connection, statements, run);
  else await byItself(connection, statements, run);
}

function statementsOf({ file, text }: SqlFile, split: (text: string) => Statements): readonly Statement[] {
  const found = split(text);
  if (found.ok) return found.statements;
  throw new MigrationError('failed', `${file}:${found.problem.line}: ${found.problem.problem}`);
}

async function inOneTransaction(connection: Connection, statements: readonly Statement[], run: FileRun): Promise<void> {
  const { file, limits, signal } = run;
  const options = { timeoutMs: limits.statementTimeoutMs, signal, busyMs: limits.lockTimeoutMs };
  // Dropping a table deletes its rows first, which would cascade into the tables that refer to it; and the setting cannot be
  // changed inside a transaction.
  const rebuilds = statements.some(({ text }) => /^drop\s+table\b/i.test(text));
  const brokenBefore = rebuilds ? await brokenReferences(connection, options) : [];
  await connection.exec(`PRAGMA foreign_keys = ${rebuilds ? 'OFF' : 'ON'}; BEGIN IMMEDIATE`, options);
  try {
    for (const statement of statements) await execute(connection, run, statement, options);
    if (rebuilds) refuseBroken(file, brokenBefore, await brokenReferences(connection, options));
    await connection.exec(`${outcomeSql(run)} COMMIT`, options);
  } catch (thrown) {
    await connection.exec('ROLLBACK').catch(() => undefined);
    throw migrationErrorOf(thrown, file.file);
  } finally {
    await connection.exec('PRAGMA legacy_alter_table = OFF').catch(() => undefined);
  }
}

type Options = NonNullable<Parameters<Connection['exec']>[1]>;

async function execute(
  connection: Connection,
  { file: { file }, see }: FileRun,
  { text, line }: Statement,
  options: Options,
): Promise<void> {
  const where = `${file}:${line}`;
  const before = see && (await changesSoFar(connection));
  const began = performance.now();
  const { inTransaction } = await connection.exec(text, options).catch((thrown: unknown) => {
    throw migrationErrorOf(thrown, where);
  });
  const tookMs = Math.round(performance.now() - began);
  if (see)
    see({ file, line, text, tookMs, rows: (await changesSoFar(connection)) - (before ?? 0), locks: [wholeFile] });
  if (!inTransaction)
    throw new MigrationError('failed', `${where}: ends the transaction in which the engine runs the file`, {
      hint: 'Leave out BEGIN, COMMIT and ROLLBACK. The statements before this line may have taken effect: look, then repair.',
    });
}

const wholeFile = 'the whole file, until the transaction ends';

async function changesSoFar(connection: Connection): Promise<number> {
  const [row] = await connection.rows('SELECT total_changes() AS n');
  return Number(row?.n ?? 0);
}

/** Such as `orders → users (2)`, one for each kind. */
async function brokenReferences(connection: Connection, options: Options): Promise<readonly string[]> {
  const sql = `SELECT "table" AS child, parent, count(*) AS n FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2`;
  return (await connection.rows(sql, [], options)).map(({ child, parent, n }) => `${child} → ${parent} (${n})`);
}

function refuseBroken({ file }: SqlFile, before: readonly string[], after: readonly string[]): void {
  const broken = after.filter((each) => !before.includes(each));
  if (broken.length > 0)
    throw new MigrationError('failed', `${file}: rows would refer to rows that are not there: ${broken.join(', ')}`);
}

/** What cannot be part of a transaction may be repeated, so a run that was killed before its row was written is no harm. */
async function byItself(connection: Connection, statements: readonly Statement[], run: FileRun): Promise<void> {
  const { file, limits, signal } = run;
  const [statement, ...more] = statements;
  if (!statement || more.length > 0 || !/^(vacuum|pragma|analyze|reindex)\b/i.test(statement.text))
    throw new MigrationError(
      'failed',
      `${file.file}: SQLite needs @no-transaction for one VACUUM, PRAGMA, ANALYZE or REINDEX only`,
      {
        hint: 'Leave out @no-transaction: everything else is undone when it fails.',
      },
    );
  const options = { timeoutMs: limits.statementTimeoutMs, signal, busyMs: limits.lockTimeoutMs };
  const began = performance.now();
  await connection.exec(statement.text, options).catch((thrown: unknown) => {
    throw migrationErrorOf(thrown, `${file.file}:${statement.line}`);
  });
  const { text, line } = statement;
  const tookMs = Math.round(performance.now() - began);
  run.see?.({ file: file.file, line, text, tookMs, rows: undefined, locks: [wholeFile] });
  await connection.exec(outcomeSql(run), options);
}

function outcomeSql({ outcome, tables, id, now }: FileRun): string {
  return outcome === 'forgotten' ? forgetSql(tables, id) : changeSql(tables, id, outcome, now);
}
