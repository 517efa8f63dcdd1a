// What a rule reports of one statement: what breaks, and the safe way to do the same.

import type { Stage } from '../files/migration.ts';

/** Breaks the old release, holds locks or rewrites, loses data, fails depending on data, a mistake with transactions, style. */
export type HazardClass = 'breaks-old' | 'locks' | 'loses-data' | 'depends-on-data' | 'transaction' | 'style';

export interface Finding {
  /** Kebab-case id of the rule, the name of its page, such as `rename-column`. */
  readonly rule: string;
  readonly classes: readonly HazardClass[];
  /** `error` stops a deployment, `review` asks a person to check (opaque SQL), `warning` is reported and passes. */
  readonly severity: 'error' | 'review' | 'warning';
  readonly file: string;
  /** 1-based line of the statement's first token. */
  readonly line: number;
  readonly statement: string;
  /** What breaks, in one sentence with the names of this statement. */
  readonly message: string;
  /** The safe form as SQL for this very statement, or undefined where none is known. */
  readonly safe: string | undefined;
  /** Stages in which the rule would let it pass. */
  readonly allowedIn: readonly Stage[];
  /** The reason from `@accept`, when the author took it on: it stops nothing, and shows in the approval. */
  readonly accepted: string | undefined;
}

/** Rules about whole files, and about what cannot be judged: the same for every database. */
export const fileRules = [
  'missing-revert',
  'syntax-error',
  'nul-byte',
  'invalid-file',
  'unused-accept',
  'changing-ledger',
  'online-change',
  'opaque-sql',
] as const;
