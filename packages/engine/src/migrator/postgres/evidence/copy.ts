// One scratch database, from its first session to its end.

import { messageOf } from '../../../lib/errors.ts';
import type { Dialect, Statement } from '../../dialect.ts';
import type { Prepared } from '../../evidence/prepared.ts';
import { type Rehearsal, type RehearsalPlan, rehearse } from '../../evidence/rehearsal/rehearse.ts';
import { type Applied, applyAll, ledgerRefused, type ScratchCopy, type Trace } from '../../evidence/scratch.ts';
import type { SqlFile } from '../../files/migration.ts';
import { migrationErrorOf } from '../errors.ts';
import type { LedgerTables } from '../ledger.ts';
import type { Session } from '../session.ts';
import { writeAsEngine } from './ledger.ts';
import { type SearchPath, usePath } from './path.ts';
import { type KeptStatements, prepareOn } from './prepare.ts';
import type { ScratchRoles } from './roles.ts';
import { as, openSession, quoted } from './session.ts';
import { readShape } from './shape.ts';
import { tableStates, tracesBetween } from './trace.ts';
import { trialSession } from './trial-session.ts';

export interface CopyOptions {
  readonly made: string;
  readonly notChecked: readonly string[];
  readonly database: string;
  readonly scratchUrl: string;
  readonly roles: ScratchRoles;
  readonly path: SearchPath;
  /** Undefined: nothing is said of it. */
  readonly ledger: LedgerTables | undefined;
  readonly ledgerTables: readonly string[];
  readonly split: Dialect['split'];
  readonly signal: AbortSignal;
  /** Of this server: makes another one from this one, and deletes. */
  readonly clone: (database: string) => Promise<string>;
  readonly drop: (database: string) => Promise<void>;
  /** The address of a database for an application, in its own role. */
  readonly addressOf: (database: string) => string;
}

const what = 'the scratch copy';

export async function openCopy(options: CopyOptions): Promise<ScratchCopy> {
  const { database, scratchUrl, roles, path, signal } = options;
  const open = async (name = database) => {
    signal.throwIfAborted();
    const opened = await openSession({ url: scratchUrl, database: name, what });
    // A scan is to mean that there is no other way, not that the table is small.
    await opened.execute('SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan');
    // A statement that still runs fails with its connection, and ends with the database.
    signal.addEventListener('abort', () => opened.destroy(), { once: true });
    return opened;
  };
  const inPath = async <T>(work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted();
    try {
      await usePath(session, path);
      return await work();
    } catch (thrown) {
      throw migrationErrorOf(thrown, what);
    }
  };
  let session = await open();
  const kept: KeptStatements = new Map();
  return {
    made: options.made,
    notChecked: options.notChecked,
    apply: (file) => inPath(() => as(session, roles.migrator, () => applyFile(session, file, options))),
    shape: () => inPath(() => readShape(session, path.first)),
    prepare: (statements) =>
      inPath(() => as(session, roles.application, () => prepareAll(session, { statements, kept, signal }))),
    ledgerTables: options.ledgerTables,
    async rehearse(plan) {
      // PostgreSQL refuses to copy a database that is in use.
      await session.close();
      const other = await options.clone(database);
      try {
        return await rehearseOn(await open(other), plan, options);
      } catch (thrown) {
        throw migrationErrorOf(thrown, what);
      } finally {
        await options.drop(other);
        session = await open();
      }
    },
    async lend(work) {
      // PostgreSQL refuses to copy a database that is in use.
      await session.close();
      kept.clear();
      const lent = await options.clone(database);
      try {
        return await work(options.addressOf(lent));
      } finally {
        await options.drop(lent);
        session = await open();
      }
    },
    async drop() {
      await session.close();
      await options.drop(database);
    },
  };
}

async function rehearseOn(
  session: Session,
  { files, ...plan }: RehearsalPlan,
  options: CopyOptions,
): Promise<Rehearsal> {
  const { path, roles, signal } = options;
  const apply = async (file: SqlFile): Promise<Applied> => {
    signal.throwIfAborted();
    await usePath(session, path);
    return as(session, roles.migrator, () => applyFile(session, file, options));
  };
  try {
    await usePath(session, path);
    const trial = trialSession(session, { path, application: roles.application, signal });
    return await rehearse(trial, plan, () => applyAll(files, apply));
  } finally {
    await session.close();
  }
}

async function prepareAll(
  session: Session,
  {
    statements,
    kept,
    signal,
  }: { readonly statements: readonly string[]; readonly kept: KeptStatements; readonly signal: AbortSignal },
): Promise<readonly Prepared[]> {
  const all: Prepared[] = [];
  for (const statement of statements) {
    signal.throwIfAborted();
    all.push(await prepareOn(session, statement, kept));
  }
  return all;
}

async function applyFile(session: Session, file: SqlFile, options: CopyOptions): Promise<Applied> {
  const found = options.split(file.text);
  if (!found.ok) return { ok: false, line: found.problem.line, sentence: found.problem.problem };
  const { statements } = found;
  if (file.stage === 'backfill') return fitsOnly(session, statements);
  // What builds concurrently waits for no other session's writes; it runs by itself, and there is no row to wait for.
  if (!file.transaction) {
    const applied = await runEach(statements, (text) => session.execute(text));
    return applied.ok ? noted(session, applied, statements, options) : applied;
  }
  await session.execute('BEGIN');
  const traced = await runTraced(session, statements, options.path.first);
  const applied = traced.ok ? await noted(session, traced, statements, options) : traced;
  await session.execute(applied.ok ? 'COMMIT' : 'ROLLBACK');
  return applied;
}

/** As the engine notes a file when it is done, in its own role. */
async function noted(
  session: Session,
  applied: Applied,
  statements: readonly Statement[],
  { ledger, roles }: Pick<CopyOptions, 'ledger' | 'roles'>,
): Promise<Applied> {
  if (ledger === undefined) return applied;
  try {
    await session.execute(roles.migrator === undefined ? 'RESET ROLE' : `SET ROLE ${quoted(roles.migrator)}`);
    await writeAsEngine(session, ledger);
    return applied;
  } catch (thrown) {
    return { ok: false, line: statements.at(-1)?.line ?? 1, sentence: ledgerRefused(messageOf(thrown)) };
  }
}

/** There are no rows to fill: that the statement fits is all there is to learn. */
async function fitsOnly(session: Session, statements: readonly Statement[]): Promise<Applied> {
  return runEach(statements, async (text) => {
    const prepared = await prepareOn(
      session,
      text.replace(/(?<![:\w]):from\b/g, '$1').replace(/(?<![:\w]):to\b/g, '$2'),
    );
    if (prepared.kind === 'refused') throw new Error(prepared.sentence);
  });
}

async function runEach(statements: readonly Statement[], work: (text: string) => Promise<void>): Promise<Applied> {
  for (const { text, line } of statements) {
    try {
      await work(text);
    } catch (thrown) {
      return { ok: false, line, sentence: messageOf(thrown) };
    }
  }
  return { ok: true, traces: [] };
}

async function runTraced(session: Session, statements: readonly Statement[], defaultSchema: string): Promise<Applied> {
  const traces: Trace[] = [];
  let before = await tableStates(session, defaultSchema);
  for (const { text, line } of statements) {
    try {
      await session.execute(text);
    } catch (thrown) {
      return { ok: false, line, sentence: messageOf(thrown) };
    }
    const after = await tableStates(session, defaultSchema);
    traces.push(...tracesBetween(line, before, after));
    before = after;
  }
  return { ok: true, traces };
}
