// What is known of SQL without a server. One dialect per database.

import type { Migration } from './files/migration.ts';
import type { Finding } from './lint/finding.ts';

export interface Statement {
  readonly text: string;
  /** 1-based line of its first token in the file. */
  readonly line: number;
}

export interface SqlProblem {
  readonly line: number;
  readonly problem: string;
}

export type Statements =
  | { readonly ok: true; readonly statements: readonly Statement[] }
  | { readonly ok: false; readonly problem: SqlProblem };

export interface Dialect {
  /** In the configuration: the value of `database.driver`. */
  readonly kind: string;
  /** URL of the module that exports it: a lint in a separate thread loads it there. */
  readonly module: string;
  /** Whether a file that failed in its transaction has left nothing in the schema. */
  readonly transactionalSchema: boolean;
  /** How long one batch of a backfill should take. */
  readonly batchMs: number;
  /** Names of its rules, matters of taste included. */
  readonly rules: readonly string[];
  /** Loads the parser once; the other functions may be called after it. */
  load(): Promise<void>;
  split(text: string): Statements;
  /** Equal for texts that differ only in comments, white space or case. */
  fingerprint(text: string): string;
  /** Findings in the order of files and lines. The schema's history is read from the migrations themselves, in order. */
  lint(migrations: readonly Migration[], options?: LintOptions): readonly Finding[];
}

export interface LintOptions {
  /**
   * Ids that have run nowhere yet, where that is known: what their expand steps create is empty for all of them. Without
   * it, a table is new in the file that creates it and nowhere else.
   */
  readonly pending?: ReadonlySet<string>;
  /** Matters of taste too, as warnings. */
  readonly withStyle?: boolean;
  /** Name of the ledger's table, as configured. Default: `schema_migrations`. */
  readonly ledger?: string | undefined;
}
