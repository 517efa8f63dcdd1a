// A rule reads one statement in its context, and says what would break there. Rules are values in a table.

import type { SqlProblem, Statement } from '../dialect.ts';
import type { SqlFile, Stage } from '../files/migration.ts';
import type { Finding, HazardClass } from './finding.ts';

export interface Rule<S extends Statement, H> {
  /** Kebab-case, the name of its page in docs/hazards. */
  readonly id: string;
  readonly classes: readonly HazardClass[];
  /** Stages in which it says nothing. */
  readonly allowedIn: readonly Stage[];
  /** `error` by default. */
  readonly severity?: Finding['severity'];
  readonly check: (statement: S, scene: Scene<H>) => readonly Hazard[];
}

export interface Hazard {
  /** What breaks, in one sentence with the names of this statement. */
  readonly message: string;
  /** Sections of SQL, each under a line that names its file: see `steps`. */
  readonly safe: string | undefined;
  /** Where this one weighs less than its rule says. */
  readonly severity?: Finding['severity'];
}

/** The context of a statement. */
export interface Scene<H> {
  readonly file: SqlFile;
  readonly stage: Stage;
  /** The file declares that its trigger only synchronizes two columns. */
  readonly isSync: boolean;
  /** What the statements before it made of the schema. */
  readonly history: H;
}

/** What a database must provide so that its SQL can be judged. `H` is what it remembers of the schema. */
export interface Grammar<S extends Statement, H> {
  parse(
    text: string,
  ): { readonly ok: true; readonly statements: readonly S[] } | { readonly ok: false; readonly problem: SqlProblem };
  readonly rules: readonly Rule<S, H>[];
  history(): H;
  /** A new file begins. */
  enter(history: H, place: Place, statements: readonly S[]): void;
  /** A statement was judged and has happened. */
  observe(history: H, statement: S): void;
  /** The statement that reverses this one, where one can be derived. */
  reverse(statement: S): string | undefined;
  /** What a tool named by `@online` cannot do with this file, or would do wrong; undefined where no such tool exists. */
  online?(statements: readonly S[], history: H): readonly SqlProblem[];
  /**
   * The safe form of a statement of several commands, from those of each.
   * @param check what the rules say of one statement at this place
   */
  whole?(statement: S, scene: Scene<H>, check: (statement: S) => readonly Hazard[]): Whole;
}

export type Whole =
  | { readonly kind: 'one-command' }
  /** One of its commands has a hazard without a safe form. */
  | { readonly kind: 'none' }
  | { readonly kind: 'whole'; readonly safe: string };

export interface Place {
  readonly file: SqlFile;
  /** It runs before any release that knows its objects: what it creates is empty for all of this run. */
  readonly isFresh: boolean;
  /** Where nothing is known of what has run: the expand step of the migration before. */
  readonly before?: Place | undefined;
}

/** Where something was created. */
export type Origin = Place;

/** An object is new, so that no service can be using it, if this very file or this run's expand steps made it. */
export function isNew(origin: Origin | undefined, here: Place): boolean {
  if (origin === undefined) return false;
  return origin.file === here.file || (origin.isFresh && here.isFresh);
}

/**
 * A safe form is a text with a heading line per file: `-- expand:`, `-- backfill:`, `-- contract:`, and `then` before a
 * file of the next migration. Tests parse it and run it.
 */
export function steps(...parts: readonly Section[]): string {
  return parts
    .map(([name, ...lines]) => [`-- ${name}:`, ...lines.filter((line) => line !== undefined)].join('\n'))
    .join('\n');
}

export type Section = readonly [StepName, ...(string | undefined)[]];

export type StepName =
  | 'expand'
  | 'then expand'
  | 'then expand, @no-transaction'
  | 'expand, @no-transaction'
  | 'backfill'
  | 'contract'
  | 'then contract'
  | 'contract, @no-transaction'
  | 'then contract, @no-transaction';

export const noHazard: readonly Hazard[] = [];

/** Of nothing, one or many. */
export function hazards(...found: readonly (Hazard | undefined)[]): readonly Hazard[] {
  const some = found.filter((each) => each !== undefined);
  return some.length === 0 ? noHazard : some;
}
