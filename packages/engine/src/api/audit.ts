// The functions on the audit log, which is also the event stream.

import type { Actor } from '../domain/actor.ts';
import type { AuditRow } from '../domain/audit-events.ts';
import type { Result } from '../domain/refusal.ts';
import type { Archive } from '../state/archive/archives.ts';
import type { FilesVerification, VerifyFiles } from '../state/archive/verify-files.ts';
import type { AuditHead } from '../state/audit.ts';
import type { AuditStanding } from '../state/audit-standing.ts';
import type { AuditVerification } from '../state/audit-verification.ts';
import type { Shipped } from '../state/shipped.ts';

export interface ArchiveRequest {
  readonly actor: Actor;
  /** At least a day; undefined: `audit.archive.after` of the configuration. */
  readonly olderThanMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each archive. */
  readonly made?: ((archive: Archive) => void) | undefined;
}

export interface ArchivedRows {
  readonly folder: string;
  /** Rows from before this moment (epoch ms) were due. */
  readonly before: number;
  readonly archives: readonly Archive[];
  /** The destination of `audit.ship`, or the file with the heads, without which more might have been archived. */
  readonly waitsFor: { readonly name: string; readonly seq: number } | undefined;
}

/** All of them together; what is undefined does not narrow it. */
export interface AuditQuery {
  readonly service?: string | undefined;
  readonly target?: string | undefined;
  /** An id or the beginning of one. */
  readonly deployment?: string | undefined;
  /** `alice`, or as rows have it: `person:alice`, `machine:ci`, `engine`. */
  readonly actor?: string | undefined;
  /** One of these; `*` stands for any letters. */
  readonly actions?: readonly string[] | undefined;
  /** Epoch ms, both included. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** A query that was understood. */
export interface AuditSearch {
  /** Newest first. */
  newest(limit: number): readonly AuditRow[];
  /** Rows after `seq`, oldest first. */
  after(seq: number, limit: number): readonly AuditRow[];
}

export interface AuditLog {
  /** Rows after `seq`, oldest first: the log and the event stream are one. */
  after(seq: number, limit: number): readonly AuditRow[];
  /** The row after which a reader begins that needs no rows from before this moment (epoch ms). */
  lastBefore(at: number): number;
  /** Refused where it names what does not exist, since an empty answer would look like proof that nothing happened. */
  search(query: AuditQuery): Result<AuditSearch>;
  /** `outside`: heads that were published where the owner of this machine cannot change them. */
  verify(
    outside?: AuditHead | readonly AuditHead[],
    /** Called with the row that was reached, after each thousand rows. */
    progress?: (seq: number) => void,
  ): AuditVerification;
  /** Verifies only the rows since the last verification if the whole log was intact within a day; else all rows. */
  verifySinceLast(): AuditVerification;
  /** What the last verification by any process found; walks no row. */
  standing(): AuditStanding;
  /** Reads the files of all archives: the beginning of the log, up to where the rows of this state begin. */
  verifyArchives(
    /** Undefined: where the configuration has them. */
    folder: string | undefined,
    options?: Pick<VerifyFiles, 'outside' | 'progress'>,
  ): Promise<FilesVerification>;
  /** Those that hold one of these rows, oldest first. */
  archives(from?: number, through?: number): readonly Archive[];
  /** Remembers that this head (the present one, unless `row` is given) was shown outside: verify proves the log by it. */
  publishHead(place: string, row?: AuditHead): AuditHead | undefined;
  /** How far each destination of `audit.ship` and the file with the heads are. */
  shipped(): readonly Shipped[];
}
