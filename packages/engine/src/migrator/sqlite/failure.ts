// Errors of SQLite as MigrationErrors.

import { processesWith } from '../../lib/open-files.ts';
import { MigrationError, type MigrationErrorCode } from '../error.ts';

export class SqliteError extends Error {
  /** `SQLITE_BUSY`, `SQLITE_CONSTRAINT_UNIQUE`, …; `TIMEOUT` is ours. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'SqliteError';
    this.code = code;
  }
}

export const isBusy = (thrown: unknown): boolean =>
  thrown instanceof SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(thrown.code);

const kinds: readonly (readonly [RegExp, MigrationErrorCode, string | undefined])[] = [
  [/^SQLITE_(READONLY|PERM|AUTH)/, 'denied', 'Let the engine’s user write the file and its folder.'],
  [/^SQLITE_CANTOPEN/, 'unreachable', 'Correct the path, or let the engine’s user open the file and its folder.'],
  [/^SQLITE_(NOTADB|CORRUPT)/, 'unreachable', 'The file is no SQLite database, or a damaged one.'],
  [/^TIMEOUT$/, 'failed', 'Make the statement smaller, or raise the limit of one statement.'],
  [/^SQLITE_FULL/, 'failed', 'Free some disk; nothing of the step remains.'],
];

/** Anything else is left as it is: a busy file for another try. @param where `003_nick.expand.sql:12`, or the file of the database */
export function migrationErrorOf(thrown: unknown, where: string): unknown {
  if (!(thrown instanceof SqliteError) || isBusy(thrown)) return thrown;
  const [, code, hint] = kinds.find(([pattern]) => pattern.test(thrown.code)) ?? [/./, 'failed' as const, undefined];
  return new MigrationError(code, `${where}: ${thrown.message}`, { cause: thrown, ...(hint && { hint }) });
}

/** SQLite does not report who has its lock; the system reports who has the file open, where it has /proc. */
export function whoWrites(file: string, ownPid: number | undefined): string {
  const pids = processesWith(file).filter((pid) => pid !== ownPid);
  if (pids.length === 0) return `another process writes to ${file}`;
  return `another process writes to ${file}; it is open in process ${pids.join(', ')}`;
}
