// The application's own database, as the phases need it: one folder per kind. All drivers sign contract/.
// A change of the schema and its ledger row are one transaction where the database can do that; where it cannot, each
// statement is preceded by a probe, so that the run after a killed one continues and never guesses.

import type { DatabaseActivity } from './activity.ts';
import type { BackfillFile, SqlFile, Stage } from './files/migration.ts';
import type { OnlineTool } from './online-tool.ts';

/** pending → expanding → expanded → backfilling → ready → contracting → done; or failed, or blocked by a lock or a missing right. */
export type MigrationState =
  | 'expanding'
  | 'expanded'
  | 'backfilling'
  | 'ready'
  | 'contracting'
  | 'done'
  | 'reverting'
  | 'failed'
  | 'blocked';

/** One row of the ledger table (`schema_migrations` unless configured); a migration without a row is pending. */
export interface LedgerRow {
  readonly id: string;
  readonly state: MigrationState;
  /** The state it was in when it failed or was blocked: what a repair or the next run begins with. */
  readonly during: MigrationState | undefined;
  /** By stage that was begun: checksum and fingerprint of the text at that time. */
  readonly files: Readonly<Partial<Record<Stage, FilePrint>>>;
  /** Statements of the present file that are done, where they cannot be one transaction. */
  readonly statementsDone: number;
  /** The position of the backfill: the last key of the last committed batch, as text. */
  readonly cursor: string | undefined;
  readonly rowsDone: number;
  readonly rowsTotal: number | undefined;
  /** Why it failed or is blocked, without secrets. */
  readonly problem: string | undefined;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** The tool that makes the change, while it is at work or after it was cut off, and the last line of its progress. */
  readonly online?: { readonly tool: string; readonly line: string | undefined } | undefined;
}

export interface FilePrint {
  /** sha256 of the text. */
  readonly checksum: string;
  /** The dialect's: equal for texts that differ only in comments, white space or case. */
  readonly fingerprint: string;
}

/** What is present is written, `undefined` as NULL; what is missing stays as it is. A new row needs a state. */
export type LedgerChange = Partial<Omit<LedgerRow, 'id' | 'updatedAt' | 'online'>>;

/** How a row leaves a run: changed, or deleted because the migration is pending again. */
export type LedgerOutcome = LedgerChange | 'forgotten';

export interface RunLimits {
  /** Wait for one lock before the whole transaction is tried again. */
  readonly lockTimeoutMs: number;
  /** Tries and time after which it is `blocked`. */
  readonly lockTries: number;
  readonly lockTotalMs: number;
  /** Limit of one transactional statement; what builds concurrently has none. */
  readonly statementTimeoutMs: number;
}

/** Objects of the schema by name (`table public.users`, `column public.users.email`) with their definition as text. */
export type Catalog = Readonly<Record<string, string>>;

export interface RunBounds {
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
}

/** One file, run by a tool. */
export interface OnlineRun extends RunBounds {
  readonly id: string;
  readonly file: SqlFile;
  readonly tool: OnlineTool;
  /** How the row leaves the run. */
  readonly outcome: LedgerOutcome;
  /** Lines of the tool, and what became of a run that was cut off. */
  readonly say: (line: string) => void;
}

export interface BackfillBatch {
  /** Keys that the batch went through, changed or not: what `rowsDone` counts. */
  readonly rows: number;
  /** Last key of the batch; undefined when there was nothing left. */
  readonly cursor: string | undefined;
  readonly tookMs: number;
  /** A session waited for this batch's locks, or a replica is behind: the next batch is smaller and later. */
  readonly pressed: boolean;
}

export interface SchemaDatabase {
  readonly kind: string;
  /** The ledger, oldest number first; its table is made by the first change, not by a look. */
  ledger(): Promise<readonly LedgerRow[]>;
  /**
   * One migrator at a time per database: the lock is polled for (never waited for inside the server) and ends with the
   * connection. @throws MigrationError `locked` after `waitMs`, with the holder where the server reports it
   */
  locked<T>(waitMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Creates or changes one ledger row by itself. */
  mark(id: string, change: LedgerChange): Promise<void>;
  /** Deletes a row: the migration is pending again. */
  forget(id: string): Promise<void>;
  /**
   * Runs a file and moves the row, which exists, to `then`: one transaction where the database can do that. Where it
   * cannot, it begins after the row's `statementsDone`. @throws MigrationError `blocked` (with who holds the lock),
   * `failed` (the server's sentence, with file and line), `unreachable`, `denied`, `stopped`; nothing of a transactional
   * file remains then
   */
  run(id: string, file: SqlFile, then: LedgerOutcome, bounds: RunBounds): Promise<void>;
  /**
   * As `run`, by a tool that fills a copy of the table in use. Undefined for a database without such tools.
   * Repeatable: it finds what an earlier run left, and removes it or takes it over.
   */
  runOnline?(run: OnlineRun): Promise<void>;
  /** Runs one batch after the row's cursor; cursor and rows are written in the same transaction. */
  backfill(id: string, file: BackfillFile, size: number, bounds: RunBounds): Promise<BackfillBatch>;
  /** An estimate is enough; for progress. */
  countRows(table: string): Promise<number>;
  /** The number that `verify` selects. */
  verify(select: string): Promise<number>;
  /** Without the ledger's own tables. */
  catalog(): Promise<Catalog>;
  /** Schemas in which an unqualified name is found, the first one first; undefined where a database has one only. */
  searchPath(): Promise<readonly string[] | undefined>;
  /** Stored between runs, to find hand edits; `undefined` deletes it, as before each run that changes the schema. */
  rememberCatalog(catalog: Catalog | undefined): Promise<void>;
  rememberedCatalog(): Promise<Catalog | undefined>;
  /** On a separate connection, since this one may be waiting; only reads, within seconds. */
  activity(): Promise<DatabaseActivity>;
  close(): Promise<void>;
}
