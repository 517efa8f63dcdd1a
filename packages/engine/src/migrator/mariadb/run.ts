// Runs a file statement by statement. The server commits each change of the schema by itself, so each is noted before
// it begins and counted when it is done; a statement that changes only rows is one transaction with its count.

import { performance } from 'node:perf_hooks';
import type { Clock } from '../../lib/clock.ts';
import type { LedgerOutcome, RunLimits } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { SqlFile } from '../files/migration.ts';
import { untilFree } from '../retry.ts';
import type { SeeStatement } from '../statement-seen.ts';
import { readCatalog } from './catalog.ts';
import { isLockError, isLost, toMigrationError } from './errors.ts';
import { whoHolds } from './holders.ts';
import { changeRow, type LedgerTables, leaveRow, markBegun, readProgress } from './ledger.ts';
import { type MariadbStatement, parseMariadb } from './parse.ts';
import { begin, pastOf } from './probe.ts';
import type { Session } from './session.ts';
import { keepingVariables } from './session-variables.ts';
import { isOnline, kindOf, namesIn } from './statement-kind.ts';

export interface TestEngine {
  readonly session: Session;
  readonly tables: LedgerTables;
  readonly clock: Clock;
  /** Called with each statement. */
  readonly see?: SeeStatement | undefined;
}

export interface FileRun {
  readonly id: string;
  readonly file: SqlFile;
  readonly then: LedgerOutcome;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

export async function runFile(testEngine: TestEngine, fileRun: FileRun): Promise<void> {
  const { session, tables, clock } = testEngine;
  const { id, file, then, limits } = fileRun;
  const statements = statementsOf(file);
  const { statementsDone } = await readProgress(session, tables, id);
  await waitBriefly(session, limits);
  await keepingVariables(session, statements, async () => {
    for (const [index, statement] of statements.entries()) {
      // The session of a run that was cut off is gone, and with it what the file had set.
      if (index < statementsDone && kindOf(statement) !== 'session') continue;
      await runStatement(testEngine, fileRun, statement, index);
    }
  });
  await leaveRow({ session, tables }, id, then, clock.now());
}

/** Whole seconds are the server's unit. */
export async function waitBriefly({ ask }: Session, { lockTimeoutMs }: RunLimits): Promise<void> {
  const seconds = Math.max(1, Math.ceil(lockTimeoutMs / 1_000));
  await ask(`SET SESSION lock_wait_timeout = ${seconds}, innodb_lock_wait_timeout = ${seconds}`);
}

/** @throws MigrationError `failed` with file and line; nothing has run then */
export function statementsOf(file: SqlFile): readonly MariadbStatement[] {
  const parsed = parseMariadb(file.text);
  if (!parsed.ok) throw new MigrationError('failed', `${file.file}:${parsed.problem.line}: ${parsed.problem.problem}`);
  const control = parsed.statements.find((statement) => kindOf(statement) === 'control');
  if (control)
    throw new MigrationError(
      'failed',
      `${file.file}:${control.line}: ${control.text.split(/\s/)[0]} may not stand in a migration: transactions are the engine's`,
    );
  return parsed.statements;
}

async function runStatement(
  testEngine: TestEngine,
  fileRun: FileRun,
  statement: MariadbStatement,
  index: number,
): Promise<void> {
  const place = `${fileRun.file.file}:${statement.line}`;
  try {
    switch (kindOf(statement)) {
      case 'data':
        return await changeRows(testEngine, fileRun, statement, index);
      case 'session':
        await executed(testEngine, fileRun, statement);
        return await count(testEngine, fileRun, index);
      default:
        return await changeSchema(testEngine, fileRun, statement, { index, place });
    }
  } catch (thrown) {
    throw placed(thrown, place);
  }
}

async function changeRows(
  testEngine: TestEngine,
  fileRun: FileRun,
  statement: MariadbStatement,
  index: number,
): Promise<void> {
  await patiently(testEngine, fileRun, statement, () =>
    inTransaction(testEngine.session, async () => {
      await executed(testEngine, fileRun, statement);
      await count(testEngine, fileRun, index);
    }),
  );
}

async function changeSchema(
  testEngine: TestEngine,
  fileRun: FileRun,
  statement: MariadbStatement,
  { index, place }: { readonly index: number; readonly place: string },
): Promise<void> {
  const { session, tables } = testEngine;
  const { id } = fileRun;
  const { begun } = await readProgress(session, tables, id);
  const catalog = await readCatalog(session, tables);
  if (begun?.tool !== undefined) throw byTool(place, begun.tool.name);
  if (begun?.index === index) {
    const past = pastOf(statement, begun, catalog);
    if (past === 'is not known') throw uncertain(place);
    if (past === 'happened') return await count(testEngine, fileRun, index);
  }
  await markBegun(session, tables, id, begin(statement, index, catalog));
  try {
    await patiently(testEngine, fileRun, statement, () => executed(testEngine, fileRun, statement));
  } catch (thrown) {
    // The server has answered, so nothing of it remains; after a lost connection the outcome is unknown.
    if (!isLost(thrown)) await markBegun(session, tables, id, undefined).catch(() => undefined);
    throw thrown;
  }
  await count(testEngine, fileRun, index);
}

async function executed({ session, see }: TestEngine, fileRun: FileRun, statement: MariadbStatement): Promise<void> {
  const began = performance.now();
  await session.execute(statement.text, limitsOf(statement, fileRun));
  if (!see) return;
  const tookMs = Math.round(performance.now() - began);
  const [counted] = kindOf(statement) === 'data' ? await session.ask('SELECT ROW_COUNT() AS n') : [];
  const rows = counted === undefined ? undefined : Math.max(0, Number(counted.n));
  see({ file: fileRun.file.file, line: statement.line, text: statement.text, tookMs, rows, locks: undefined });
}

const uncertain = (place: string) =>
  new MigrationError(
    'failed',
    `${place}: this statement was begun and cut off, and it cannot be seen whether it happened`,
    {
      hint: 'Look at the database. Then run the rest of the file by hand and `bg migrate repair --mark-applied`, or take back what the file did and `--mark-pending`.',
    },
  );

const byTool = (place: string, tool: string) =>
  new MigrationError('failed', `${place}: ${tool} was at work on this change and was cut off`, {
    hint: `Put \`-- @online ${tool}\` back into the file: the next run looks at what is left and cleans up.`,
  });

async function patiently(
  { session, clock }: TestEngine,
  { limits, signal }: FileRun,
  statement: MariadbStatement,
  attempt: () => Promise<void>,
): Promise<void> {
  const contest = { isLocked: isLockError, whoHolds: () => whoHolds(session, namesIn(statement)) };
  await untilFree({ clock, limits, signal }, contest, attempt);
}

export async function inTransaction<T>({ ask }: Session, work: () => Promise<T>): Promise<T> {
  await ask('START TRANSACTION');
  try {
    const result = await work();
    await ask('COMMIT');
    return result;
  } catch (thrown) {
    await ask('ROLLBACK').catch(() => undefined); // the first error is the one to report
    throw thrown;
  }
}

/** Never backwards: a statement that is repeated after a cut is counted already. */
async function count({ session, tables, clock }: TestEngine, { id }: FileRun, index: number): Promise<void> {
  const { statementsDone } = await readProgress(session, tables, id);
  if (statementsDone <= index) await changeRow({ session, tables }, id, { statementsDone: index + 1 }, clock.now());
}

function limitsOf(statement: MariadbStatement, { file, limits, signal }: FileRun) {
  const unlimited = !file.transaction || isOnline(statement);
  return { limitMs: unlimited ? undefined : limits.statementTimeoutMs, signal };
}

/** The same error with its place, unless it names one already. */
function placed(thrown: unknown, place: string): unknown {
  const error = toMigrationError(thrown, place);
  if (!(error instanceof MigrationError) || error.message.startsWith(place)) return error;
  const { code, hint, message, cause } = error;
  return new MigrationError(code, `${place}: ${message}`, { cause, ...(hint === undefined ? {} : { hint }) });
}
