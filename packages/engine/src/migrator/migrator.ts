// What the flow needs of a database: widen it before a deployment, say which release can live with it, and, as a separate
// act, take away what only older releases need.

import type { DatabaseActivity } from './activity.ts';
import type { ContractFacts } from './before-contract.ts';
import type { SchemaDatabase } from './database.ts';
import type { CompatReport } from './evidence/report.ts';
import type { MigrationEvent } from './phases/context.ts';
import type { Repair } from './phases/repair.ts';
import type { SchemaStatus } from './phases/status.ts';
import type { TryReport, TryRequests } from './try-copy.ts';

export interface SchemaVerdict {
  readonly verdict: 'compatible' | 'incompatible' | 'unknown';
  /** What speaks for it, one sentence. */
  readonly evidence: string;
  /** Ids whose contract removed what this release needs: no migration restores that. */
  readonly lost: readonly string[];
}

/** What a release would do to the schema as it is now. */
export interface SchemaPlan {
  /** Why it may not be registered: `003_full_name.expand.sql:4: …`, one line each. */
  readonly problems: readonly string[];
  /** Hazards that its author accepts, with the reasons: shown to the person who approves. */
  readonly accepted: readonly string[];
  /** What no rule can decide: a dry run may, or the author takes it on. */
  readonly reviews: readonly string[];
  readonly warnings: readonly string[];
  /** Ids, in order. */
  readonly expand: readonly string[];
  readonly backfill: readonly string[];
  /** Files of these steps that an online tool runs in place of the server. */
  readonly byTool: readonly { readonly file: string; readonly tool: string }[];
  readonly contract: {
    readonly ready: readonly PlannedContract[];
    readonly waiting: readonly { readonly id: string; readonly why: string }[];
  };
}

export interface PlannedContract {
  readonly id: string;
  /** The SQL that would be run. */
  readonly text: string;
}

export type SchemaAct =
  | { readonly kind: 'expand' | 'backfill' }
  /** What was approved. */
  | { readonly kind: 'contract'; readonly ids: readonly string[] }
  | { readonly kind: 'revert'; readonly id: string; readonly nothingNeedsIt: boolean }
  | { readonly kind: 'repair'; readonly repair: Repair; readonly because: string }
  /** Marks what the database has already, up to this number. */
  | { readonly kind: 'baseline'; readonly upTo: number };

export interface TryRequest extends TryRequests {
  /** Address of a copy with data, in which `${NAME}` is filled in as in the configuration. */
  readonly copy: string;
}

export interface SchemaWork {
  readonly signal: AbortSignal;
  readonly say: (event: MigrationEvent) => void;
}

/** What would be run, and the releases that must work with it. */
export interface Assessment {
  /** Of the release that contains the files. */
  readonly releaseFolder: string;
  /** Nothing: the schema as it is. */
  readonly act:
    | { readonly kind: 'expand' | 'nothing' }
    | { readonly kind: 'contract'; readonly ids: readonly string[] };
  readonly releases: readonly AssessedRelease[];
}

export interface AssessedRelease {
  readonly version: string;
  readonly folder: string;
  /** It is in a slot, or may be started again unchanged: what fails for it already is no news. */
  readonly runsNow: boolean;
}

/** All of them throw MigrationError, whose message holds no secret. */
export interface Migrator {
  /** Undefined for a target without a database. */
  readonly kind: SchemaDatabase['kind'] | undefined;
  /** Equal where targets share a database and its record in it; undefined while its address cannot be read. */
  place(): string | undefined;
  /** Reads only. Part of the plan of a deployment and its hash. */
  plan(releaseFolder: string): Promise<SchemaPlan>;
  /** Reads only. */
  status(releaseFolder: string): Promise<SchemaStatus>;
  /**
   * Can each of these releases run on the schema as it is, or as it would be after these contracts? Asked before a side is
   * given users, and before a contract.
   */
  compatible(releaseFolders: readonly string[], afterwards?: readonly string[]): Promise<readonly SchemaVerdict[]>;
  /**
   * The same by evidence: rules, a scratch copy, each release's declared needs, recorded statements and smoke command. It
   * takes a second and more. Reads only; what cannot be found out makes the verdict `unknown`.
   */
  assess(question: Assessment, signal: AbortSignal): Promise<CompatReport>;
  /**
   * Runs what is pending on a copy with data. @throws MigrationError `not-allowed` for the live database itself and for
   * what cannot be distinguished from it, `unreachable`
   */
  tryOn(releaseFolder: string, request: TryRequest, work: SchemaWork): Promise<TryReport>;
  /**
   * Runs the configured command before a contract. Repeatable.
   * @returns the last lines that it printed; undefined where none is configured. @throws MigrationError `failed` with them
   */
  restorePoint(facts: ContractFacts, signal: AbortSignal): Promise<string | undefined>;
  /** The activity of the database. Reads only. */
  activity(): Promise<DatabaseActivity>;
  /** Repeatable: it continues what was cut off. @returns the ids it concerned */
  run(releaseFolder: string, act: SchemaAct, work: SchemaWork): Promise<readonly string[]>;
}
