// One scratch database, from its first session to its end.

import { messageOf } from '../../../lib/errors.ts';
import type { Dialect, Statement } from '../../dialect.ts';
import type { Applied, Prepared, ScratchCopy, Trace } from '../../evidence/scratch.ts';
import type { SqlFile } from '../../files/migration.ts';
import { migrationErrorOf } from '../errors.ts';
import type { Session } from '../session.ts';
import { type SearchPath, usePath } from './path.ts';
import { prepareOn } from './prepare.ts';
import type { ScratchRoles } from './roles.ts';
import { as, openSession } from './session.ts';
import { readShape } from './shape.ts';
import { tableStates, tracesBetween } from './trace.ts';

export interface CopyOptions {
  readonly made: string;
  readonly notChecked: readonly string[];
  readonly database: string;
  readonly scratchUrl: string;
  readonly roles: ScratchRoles;
  readonly path: SearchPath;
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
  const open = async () => {
    signal.throwIfAborted();
    const opened = await openSession({ url: scratchUrl, database, what });
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
  return {
    made: options.made,
    notChecked: options.notChecked,
    apply: (file) => inPath(() => as(session, roles.migrator, () => applyFile(session, file, options))),
    shape: () => inPath(() => readShape(session, path.first)),
    prepare: (statements) =>
      inPath(() => as(session, roles.application, () => prepareAll(session, statements, signal))),
    async lend(work) {
      // A database in use is nobody's template.
      await session.close();
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

async function prepareAll(
  session: Session,
  statements: readonly string[],
  signal: AbortSignal,
): Promise<readonly Prepared[]> {
  const all: Prepared[] = [];
  for (const statement of statements) {
    signal.throwIfAborted();
    all.push(await prepareOn(session, statement));
  }
  return all;
}

async function applyFile(
  session: Session,
  file: SqlFile,
  { split, path }: Pick<CopyOptions, 'split' | 'path'>,
): Promise<Applied> {
  const found = split(file.text);
  if (!found.ok) return { ok: false, line: found.problem.line, sentence: found.problem.problem };
  if (file.stage === 'backfill') return fitsOnly(session, found.statements);
  // What builds concurrently waits for nobody's writes; it runs by itself, and there is no row to wait for.
  if (!file.transaction) return runEach(found.statements, (text) => session.execute(text));
  await session.execute('BEGIN');
  const applied = await runTraced(session, found.statements, path.first);
  await session.execute(applied.ok ? 'COMMIT' : 'ROLLBACK');
  return applied;
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
