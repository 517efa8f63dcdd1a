// One file of one migration: the start is written before it runs, and the result afterwards.

import type { LedgerOutcome, LedgerRow, MigrationState } from '../database.ts';
import { MigrationError } from '../error.ts';
import type { Migration, SqlFile } from '../files/migration.ts';
import { toolNamed } from '../online-tool.ts';
import type { PhaseContext } from './context.ts';
import { changingCatalog } from './drift.ts';
import { printOf, unfinishedStage } from './progress.ts';
import { sayingWhatItWaitsFor } from './waiting.ts';

export interface StageRun {
  readonly migration: Migration;
  readonly file: SqlFile;
  readonly row: LedgerRow | undefined;
  readonly during: MigrationState;
  /** How the row leaves the run. */
  readonly outcome: LedgerOutcome;
}

export async function runStage(
  context: PhaseContext,
  { migration, file, row, during, outcome }: StageRun,
): Promise<void> {
  const { database, clock, dialect, say } = context;
  const { id } = migration;
  const { stage } = file;
  const began = clock.now();
  const work = workOf(context, { id, file, outcome });
  say({ kind: 'begun', id, stage, ...(file.online === undefined ? {} : { tool: file.online }) });
  const goesOn = row !== undefined && unfinishedStage(row) === stage;
  await database.mark(id, {
    state: during,
    during: undefined,
    problem: undefined,
    files: { ...row?.files, [stage]: printOf(file, dialect) },
    ...(goesOn ? {} : { statementsDone: 0 }),
  });
  await noting(context, id, during, () => sayingWhatItWaitsFor(context, id, () => changingCatalog(context, work)));
  say({ kind: 'done', id, stage, tookMs: clock.now() - began });
}

/** @throws MigrationError `not-allowed` for a tool that is not there: nothing is begun then */
function workOf(
  { database, limits, signal, say, onlineTools = [] }: PhaseContext,
  { id, file, outcome }: { readonly id: string; readonly file: SqlFile; readonly outcome: LedgerOutcome },
): () => Promise<void> {
  if (file.online === undefined) return () => database.run(id, file, outcome, { limits, signal });
  const tool = toolNamed(onlineTools, file.online, file.file);
  const { runOnline } = database;
  if (!runOnline) throw new MigrationError('not-allowed', `${file.file}: this database has no online tools`);
  const sayLine = (line: string) => say({ kind: 'tool', id, tool: tool.name, line });
  return () => runOnline({ id, file, tool, outcome, limits, signal, say: sayLine });
}

/** Writes into the row how it went wrong, for the next run and for people, and throws on. */
export async function noting<T>(
  { database }: Pick<PhaseContext, 'database'>,
  id: string,
  during: MigrationState,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const ending = endingOf(thrown);
    // The first error is the one to report; a database that is gone takes no note, and the row already says `…ing`.
    if (ending) await database.mark(id, { ...ending, during }).catch(() => undefined);
    throw thrown;
  }
}

/**
 * A missing right is like a lock: others must give it, and the next run tries again. Stopped and unreachable are no
 * endings: the row stays as it is, and the next run continues.
 */
function endingOf(thrown: unknown): { state: 'failed' | 'blocked'; problem: string } | undefined {
  if (!(thrown instanceof MigrationError)) return undefined;
  const { code, message: problem } = thrown;
  if (code === 'blocked' || code === 'denied') return { state: 'blocked', problem };
  return code === 'failed' ? { state: 'failed', problem } : undefined;
}
