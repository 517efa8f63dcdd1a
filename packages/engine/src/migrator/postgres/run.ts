// One file in one transaction, with its ledger row. The driver waits briefly for a lock, then tries the whole again: a
// statement that waits long in the server's queue makes all behind it wait too.

import type { Clock } from '../../lib/clock.ts';
import type { LedgerOutcome, RunLimits } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { SqlFile } from '../files/migration.ts';
import { untilFree } from '../retry.ts';
import type { SeeStatement, StatementSeen } from '../statement-seen.ts';
import { isCanceled, isLocked, lineOf, migrationErrorOf } from './errors.ts';
import { type LedgerTables, writeLedger } from './ledger.ts';
import { observed } from './observed.ts';
import { type PostgresStatement, parsePostgres } from './parse.ts';
import { body } from './rules/tree.ts';
import type { Session } from './session.ts';
import { type BlockedBy, watched } from './watch.ts';

export interface Hands {
  readonly session: Session;
  /** A second connection, to look at the first. */
  readonly watcher: () => Promise<Session>;
  readonly clock: Clock;
  readonly tables: LedgerTables;
  /** Called with each statement, after which its locks are read. */
  readonly see?: SeeStatement | undefined;
}

export interface FileRun {
  readonly id: string;
  readonly file: SqlFile;
  readonly outcome: LedgerOutcome;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

/** What a step outside of a transaction is done with. */
export interface Alone {
  readonly hands: Hands;
  readonly run: FileRun;
  readonly statement: PostgresStatement;
  /**
   * Without limits of lock and time, but ended when another session blocks it for too long.
   * @throws the server's own error; MigrationError `blocked`
   */
  execute(sql: string, bounds?: Bounds): Promise<void>;
}

/** Instead of the run's own. */
export interface Bounds {
  readonly patienceMs?: number;
  readonly signal?: AbortSignal;
}

export const nobodySeen = 'the holder was gone when we looked';

export async function runFile(hands: Hands, run: FileRun): Promise<void> {
  const statements = statementsOf(run.file);
  const ending = statements.find(({ node }) => 'TransactionStmt' in node);
  if (ending)
    throw new MigrationError(
      'failed',
      `${run.file.file}:${ending.line}: the engine opens and ends the transaction of a file`,
      {
        hint: 'Take BEGIN and COMMIT out, or split the file into two migrations.',
      },
    );
  await inOneTransaction(hands, run, statements);
}

/** @throws MigrationError */
export function statementsOf({ file, text }: SqlFile): readonly PostgresStatement[] {
  const found = parsePostgres(text);
  if (found.ok) return found.statements;
  throw new MigrationError('failed', `${file}:${found.problem.line}: ${found.problem.problem}`);
}

export async function inOneTransaction(
  { session, watcher, clock, tables, see }: Hands,
  { id, file, outcome, limits, signal }: FileRun,
  statements: readonly PostgresStatement[],
): Promise<void> {
  const where = { file: file.file, present: statements[0] };
  const seen: StatementSeen[] = [];
  const attempt = async () => {
    seen.length = 0;
    await session.ask(`BEGIN; SET LOCAL lock_timeout = ${Math.round(limits.lockTimeoutMs)}`);
    for (const statement of statements) {
      where.present = statement;
      // A statement before it may have changed both (RESET ALL, set_config in a function).
      await session.ask(
        `SET LOCAL lock_timeout = ${Math.round(limits.lockTimeoutMs)}; SET LOCAL statement_timeout = ${file.transaction ? limitOf(statement, limits) : 0}`,
      );
      if (see) seen.push(await observed(session, file.file, statement));
      else await session.execute(statement.text);
    }
    // The file may have set the role of the owner, which may lack the right to write the ledger.
    await session.ask('RESET ROLE');
    await writeLedger({ session, tables }, id, outcome, clock.now());
    await session.ask('COMMIT');
  };
  const undoing = async () => {
    try {
      await attempt();
    } catch (thrown) {
      if (session.isAlive()) await session.ask('ROLLBACK').catch(() => session.destroy());
      throw thrown;
    }
  };
  const contest = (blockedBy: BlockedBy) => ({ isLocked, whoHolds: async () => blockedBy() ?? nobodySeen });
  await watched({ clock, session, watcher, signal }, (blockedBy) =>
    untilFree({ clock, limits, signal }, contest(blockedBy), undoing),
  )
    .catch((thrown: unknown) => {
      throw located(thrown, where, { limits, signal });
    })
    .finally(() => {
      for (const each of seen) see?.(each);
    });
}

/** A statement that validates reads a whole table and makes no session wait: it takes the time it needs. */
function limitOf({ node }: PostgresStatement, limits: RunLimits): number {
  const commands = ('AlterTableStmt' in node ? node.AlterTableStmt.cmds : undefined) ?? [];
  const validates = commands.every((each) => body(each, 'AlterTableCmd')?.subtype === 'AT_ValidateConstraint');
  return commands.length > 0 && validates ? 0 : Math.round(limits.statementTimeoutMs);
}

/** With file and line, and in the words of people. */
export function located(
  thrown: unknown,
  { file, present }: { readonly file: string; readonly present: PostgresStatement | undefined },
  { limits, signal }: { readonly limits: RunLimits; readonly signal: AbortSignal },
): unknown {
  const where = present === undefined ? file : `${file}:${lineOf(present, thrown)}`;
  if (thrown instanceof MigrationError) {
    if (!['blocked', 'failed'].includes(thrown.code) || thrown.message.startsWith(file)) return thrown;
    const { code, message, hint } = thrown;
    return new MigrationError(code, `${where}: ${message}`, { ...(hint && { hint }), cause: thrown });
  }
  if (signal.aborted) return new MigrationError('stopped', `${where}: the migration was stopped`, { cause: thrown });
  if (isCanceled(thrown))
    return new MigrationError(
      'failed',
      `${where}: stopped after ${limits.statementTimeoutMs} ms, or by an administrator of the server`,
      {
        hint: 'Do it in smaller steps: long work belongs into a backfill, or into what runs concurrently.',
        cause: thrown,
      },
    );
  return migrationErrorOf(thrown, where);
}
