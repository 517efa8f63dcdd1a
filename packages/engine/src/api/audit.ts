// The functions on the audit log, which is also the event stream.

import type { AuditRow } from '../domain/audit-events.ts';
import type { AuditHead } from '../state/audit.ts';
import type { AuditVerification } from '../state/audit-verification.ts';
import type { Shipped } from '../state/shipped.ts';

export interface AuditLog {
  /** Rows after `seq`, oldest first: the log and the event stream are one. */
  after(seq: number, limit: number): readonly AuditRow[];
  /** `outside`: heads that were published where the owner of this machine cannot change them. */
  verify(outside?: AuditHead | readonly AuditHead[]): AuditVerification;
  /** Verifies only the rows since the last verification if the whole log was intact within a day; else all rows. */
  verifySinceLast(): AuditVerification;
  /** Remembers that this head (the present one, unless `row` is given) was shown outside: verify proves the log by it. */
  publishHead(place: string, row?: AuditHead): AuditHead | undefined;
  /** How far each destination of `audit.ship` and the file with the heads are. */
  shipped(): readonly Shipped[];
}
