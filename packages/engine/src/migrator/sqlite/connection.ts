// SQLite in a separate process, asked one statement at a time. A process that died is replaced; a transaction that it
// had open is gone with it.

import { type Companion, startCompanion } from '../../lib/companion.ts';
import { hasCode } from '../../lib/errors.ts';
import { ownProgram } from '../../lib/own-files.ts';
import { MigrationError } from '../error.ts';
import { SqliteError } from './failure.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface Question {
  readonly file: 'application' | 'lock';
  readonly sql: string;
  readonly parameters: readonly (string | number | null)[];
  /** `nothing`: statements that return no rows. */
  readonly wants: 'rows' | 'nothing';
  /** How long another writer is waited for. */
  readonly busyMs: number;
}

export type Answer =
  | { readonly rows: readonly Row[]; readonly inTransaction: boolean; readonly problem?: never }
  | { readonly problem: { readonly code: string; readonly message: string }; readonly rows?: never };

export interface AskOptions {
  readonly busyMs?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Connection {
  /** @throws SqliteError, also when it took too long; MigrationError `stopped`, `unreachable` */
  rows(sql: string, parameters?: Question['parameters'], options?: AskOptions): Promise<readonly Row[]>;
  exec(sql: string, options?: AskOptions): Promise<{ readonly inTransaction: boolean }>;
  /** The same on the file of the lock, which is tried and never waited for. */
  execLock(sql: string, options?: AskOptions): Promise<void>;
  lockRows(sql: string): Promise<readonly Row[]>;
  /** Of the process in which SQLite works now. */
  readonly pid: () => number | undefined;
  close(): Promise<void>;
}

const script = ownProgram(import.meta.url, 'connection-main.ts', 'sqlite-connection');
/** For what is no statement of a migration: a count of a large table may take its time. */
const ownTimeoutMs = 120_000;
const ownBusyMs = 1_000;

/** @param onReplaced runs before the first statement after the process was replaced */
export function createConnection(file: string, lockFile: string, onReplaced: () => Promise<void>): Connection {
  let companion: Companion | undefined;
  let isClosed = false;

  let starting: Promise<Companion> | undefined;

  async function process(): Promise<Companion> {
    if (isClosed) throw new MigrationError('unreachable', `the connection to ${file} is closed`);
    if (companion?.isAlive()) return companion;
    starting ??= start().finally(() => {
      starting = undefined;
    });
    return await starting;
  }

  async function start(): Promise<Companion> {
    const isReplacement = companion !== undefined;
    companion = await startCompanion(script, [file, lockFile]);
    if (isReplacement) await onReplaced();
    return companion;
  }

  async function ask(
    question: Omit<Question, 'busyMs'>,
    { busyMs = ownBusyMs, timeoutMs = ownTimeoutMs, signal }: AskOptions,
  ) {
    const asked = await process();
    try {
      // The wait for other writers has a separate limit, and does not count as the statement's time.
      const limit = { timeoutMs: timeoutMs + busyMs, ...(signal && { signal }) };
      const answer = (await asked.ask({ ...question, busyMs }, limit)) as Answer;
      if (answer.problem) throw new SqliteError(answer.problem.code, answer.problem.message);
      return answer;
    } catch (thrown) {
      throw translated(thrown, { file, timeoutMs, signal });
    }
  }

  const about = (of: Question['file'], sql: string) => ({ file: of, sql, parameters: [] });
  return {
    rows: async (sql, parameters = [], options = {}) =>
      (await ask({ file: 'application', sql, parameters, wants: 'rows' }, options)).rows,
    exec: (sql, options = {}) => ask({ ...about('application', sql), wants: 'nothing' }, options),
    execLock: async (sql) => {
      await ask({ ...about('lock', sql), wants: 'nothing' }, { busyMs: 0 });
    },
    lockRows: async (sql) => (await ask({ ...about('lock', sql), wants: 'rows' }, { busyMs: 0 })).rows,
    pid: () => companion?.pid,
    close: async () => {
      isClosed = true;
      await companion?.kill();
    },
  };
}

function translated(
  thrown: unknown,
  at: { file: string; timeoutMs: number; signal: AbortSignal | undefined },
): unknown {
  if (thrown instanceof SqliteError || thrown instanceof MigrationError) return thrown;
  const cause = { cause: thrown };
  if (at.signal?.aborted) return new MigrationError('stopped', 'the statement was stopped', cause);
  if (hasCode(thrown, 'exec-timeout'))
    return new SqliteError('TIMEOUT', `ran longer than ${at.timeoutMs} ms and was stopped`);
  return new MigrationError(
    'unreachable',
    `the process that works on ${at.file} ended in the middle of a statement`,
    cause,
  );
}
