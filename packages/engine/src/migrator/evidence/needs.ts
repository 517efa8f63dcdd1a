// What a release needs of the schema: what its manifest declares, what its recorded statements use, and, where neither
// exists, the schema that its own migrations make.

import type { AccountName } from '../../lib/accounts.ts';

/** A version that runs, may run again, or is about to. */
export interface ReleaseNeeds {
  readonly release: string;
  /** It runs, or could be started as it is, on the present schema: what fails for it already is no news. */
  readonly runsNow: boolean;
  /** `schema` of its manifest. */
  readonly declared: DeclaredNeeds | undefined;
  /** Statements of its manifest's file, or recorded in a test run or canary; placeholders as the database takes them. */
  readonly statements: readonly string[];
  /** Its own files of migrations (`003_nick.contract.sql`): it was written for the schema that they make. */
  readonly files: readonly string[];
  readonly smoke: SmokeCommand | undefined;
}

export interface DeclaredNeeds {
  /** `users.email`, or `users` for all of its columns. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** Run against the migrated scratch copy, whose address it finds in DATABASE_URL. */
export interface SmokeCommand {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** Its whole environment, without DATABASE_URL. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Undefined: the account of the engine. */
  readonly account?: AccountName | undefined;
}

/** What statements use, by name; too much rather than too little where a name could belong to two tables. */
export interface Use {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Tables of which all columns are taken as they come: `SELECT *`, `RETURNING *`. */
  readonly stars: readonly string[];
  readonly inserts: readonly InsertUse[];
  readonly routines: readonly string[];
}

export interface InsertUse {
  readonly table: string;
  /** Undefined: by position. */
  readonly columns: readonly string[] | undefined;
  /** Values of a positional one, where they are counted in the statement. */
  readonly values: number | undefined;
}

/** One statement's use; undefined when the grammar does not know the statement. */
export type ReadUse = (statement: string) => Use | undefined;

/** Something is known of what it needs. */
export const isKnown = ({ declared, statements }: Pick<ReleaseNeeds, 'declared' | 'statements'>): boolean =>
  declared !== undefined || statements.length > 0;

export function useOf(statements: readonly string[], readUse: ReadUse): Use {
  const uses = statements.map((statement) => readUse(statement)).filter((use) => use !== undefined);
  const all = (key: 'reads' | 'writes' | 'stars' | 'routines') => [...new Set(uses.flatMap((use) => use[key]))];
  return {
    reads: all('reads'),
    writes: all('writes'),
    stars: all('stars'),
    routines: all('routines'),
    inserts: uses.flatMap(({ inserts }) => inserts),
  };
}

/** Of a table no column, but its existence: `SELECT count(*)`, DELETE. */
export const theTable = (name: string): string => `${name}.#`;

/** A need of a table is one of all its columns; a need of a column is one of its table. */
export function touches(needs: readonly string[], object: string): boolean {
  const wanted = plain(object);
  return needs.some((each) => {
    const need = plain(each);
    return need === wanted || need.startsWith(`${wanted}.`) || wanted.startsWith(`${need}.`);
  });
}

const plain = (name: string): string => name.toLowerCase().replace(/^(?:public|main)\./, '');
