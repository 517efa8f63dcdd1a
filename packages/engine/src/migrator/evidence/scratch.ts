// A copy of the schema on which anything may be tried. One driver per database makes it; only the engine ever sees it,
// and it is deleted at the end, also after a run that failed.

import type { Account } from '../../lib/accounts.ts';
import type { SqlFile } from '../files/migration.ts';
import type { Prepared } from './prepared.ts';
import type { Rehearsal, RehearsalPlan } from './rehearsal/rehearse.ts';
import type { SchemaShape } from './shape.ts';

export interface ScratchServer {
  /**
   * Deletes what crashed runs left behind, and makes a copy. Never on the production server itself.
   * @throws MigrationError `not-allowed`, `unreachable`, `denied` or `failed`, with a sentence that holds no secret
   */
  copy(signal: AbortSignal): Promise<ScratchCopy>;
}

export interface ScratchCopy {
  /** How it was made, in a sentence. */
  readonly made: string;
  /** What could not be checked on it, in sentences. */
  readonly notChecked: readonly string[];
  /**
   * Runs a file, statement by statement, as a migrator would, and writes to the engine's ledger as it would. A file that
   * fails leaves the copy as it was.
   */
  apply(file: SqlFile): Promise<Applied>;
  shape(): Promise<SchemaShape>;
  /**
   * Prepares each as the application's own role, and runs none. What a connection prepared in an earlier call, it tries
   * again as the statement that it prepared then.
   */
  prepare(statements: readonly string[]): Promise<readonly Prepared[]>;
  /** Executes writes on a copy of this copy, before the files and after them. This copy stays as it is. */
  rehearse(plan: RehearsalPlan): Promise<Rehearsal>;
  /** Names of the engine's own tables on it. */
  readonly ledgerTables: readonly string[];
  /** Hands a copy of this copy to `work`, by the address that an application would be given; a file becomes `to`'s. */
  lend<T>(work: (url: string) => Promise<T>, to?: Account): Promise<T>;
  drop(): Promise<void>;
}

export type Applied =
  | { readonly ok: true; readonly traces: readonly Trace[] }
  | { readonly ok: false; readonly line: number; readonly sentence: string };

/** For `rehearse`: one file after another. @returns which one failed, and why */
export async function applyAll(
  files: readonly SqlFile[],
  apply: (file: SqlFile) => Promise<Applied>,
): Promise<string | undefined> {
  for (const file of files) {
    const applied = await apply(file);
    if (!applied.ok) return `${file.file}:${applied.line} fails: ${applied.sentence}`;
  }
  return undefined;
}

/** What the server says when the engine wants to note a file as done, and a file took that away. */
export const ledgerRefused = (said: string): string => `afterwards the engine cannot write its ledger: ${said}`;

/** What one statement did to one table that it found there. */
export interface Trace {
  /** 1-based, in its file. */
  readonly line: number;
  readonly table: string;
  /** The strongest lock, in the server's words. */
  readonly lock: string;
  /** Writers wait while it is held. */
  readonly blocksWrites: boolean;
  /** The server writes every row again. */
  readonly rewritten: boolean;
  /** Every row is read. */
  readonly scanned: boolean;
}
