// A migration as a release contains it: plain SQL in up to four files that share a number and a name.

/** What a file does, and when: `NNN_name.<stage>.sql`. */
export type Stage = 'expand' | 'backfill' | 'contract' | 'revert';

export interface Migration {
  /** Number and name, such as `003_full_name`; unique in its release. */
  readonly id: string;
  readonly number: number;
  /** Ids that must be expanded first, from `@requires`. */
  readonly requires: readonly string[];
  /** At least one of expand, backfill and contract exists: a migration may only tighten what exists. */
  readonly expand: SqlFile | undefined;
  readonly backfill: BackfillFile | undefined;
  readonly contract: SqlFile | undefined;
  /** Takes the expand step back, while no release needs it. */
  readonly revert: SqlFile | undefined;
}

/** Its files in the order in which they would run; the revert last. */
export function filesOf({ expand, backfill, contract, revert }: Migration): readonly SqlFile[] {
  return [expand, backfill, contract, revert].filter((file) => file !== undefined);
}

export interface SqlFile {
  /** File name without folder. */
  readonly file: string;
  readonly stage: Stage;
  /** With LF line ends and without a byte order mark; lines keep their numbers. */
  readonly text: string;
  /** sha256 of `text`, in hex. */
  readonly checksum: string;
  /** False with `@no-transaction`: then the file holds one statement. */
  readonly transaction: boolean;
  /** `@sync`: its triggers synchronize an old and a new column, and are to be allowed in expand. */
  readonly sync: boolean;
  /** Name of the configured tool that makes the change in place of the server, from `@online <tool>`. */
  readonly online?: string | undefined;
  /** Hazards that the author takes on, from `@accept <rule>: <reason>`. */
  readonly accepted: readonly Acceptance[];
}

export interface Acceptance {
  readonly rule: string;
  readonly reason: string;
  /** 1-based. */
  readonly line: number;
}

/** One UPDATE, INSERT … SELECT or DELETE that says `BETWEEN :from AND :to` over the key, run batch by batch. */
export interface BackfillFile extends SqlFile {
  readonly table: string;
  /** A unique column that sorts; the batches go through it once, upwards. */
  readonly key: string;
  /** Rows of the first batch; later ones adapt. */
  readonly batch: number;
  /** A SELECT of one number that is 0 when nothing is left, from `@verify`. */
  readonly verify: string | undefined;
}

/** A release's migrations in order of number, or everything that is wrong with its files. */
export type MigrationFiles =
  | { readonly ok: true; readonly migrations: readonly Migration[] }
  /** `readable`: those whose own files have no problem, only for the lint: none of them is run. */
  | { readonly ok: false; readonly problems: readonly FileProblem[]; readonly readable: readonly Migration[] };

export interface FileProblem {
  readonly file: string;
  /** 1-based; undefined where the file as a whole is meant. */
  readonly line: number | undefined;
  /** What is wrong, and what was expected. */
  readonly problem: string;
}
