// Parts of the audit log for those who read all of it: rows of some actions only, and hashes to compare a copy with.

import type { AuditAction, AuditRow } from '../domain/audit-events.ts';
import { lastArchived, latestHead, present } from './audit.ts';
import type { Db } from './database.ts';
import { and, asc, eq, gt, inArray, lte, min } from './drizzle.ts';
import { audit } from './schema.ts';

export interface LogEnds {
  readonly first: { readonly seq: number; readonly at: number };
  readonly last: number;
}

/** Without the rows that are in archives. Undefined for an empty log. */
export function endsOfLog(db: Db): LogEnds | undefined {
  const first =
    db
      .select({ seq: min(audit.seq) })
      .from(audit)
      .where(gt(audit.seq, lastArchived))
      .get()?.seq ?? undefined;
  const last = latestHead(db)?.seq;
  const row = first === undefined ? undefined : db.select().from(audit).where(eq(audit.seq, first)).get();
  return row && last !== undefined ? { first: { seq: row.seq, at: row.at }, last } : undefined;
}

/** Rows after `after` up to `through`, oldest first. */
export function auditOfActions(
  db: Db,
  { actions, after, through }: { actions: readonly AuditAction[]; after: number; through: number },
): readonly AuditRow[] {
  const wanted = and(gt(audit.seq, after), lte(audit.seq, through), inArray(audit.action, [...actions]));
  return db.select().from(audit).where(wanted).orderBy(asc(audit.seq)).all().map(present);
}

/** By row, for those rows that exist. */
export function hashesBetween(db: Db, from: number, through: number): ReadonlyMap<number, string> {
  const rows = db
    .select({ seq: audit.seq, hash: audit.hash })
    .from(audit)
    .where(and(gt(audit.seq, from - 1), lte(audit.seq, through)))
    .all();
  return new Map(rows.map(({ seq, hash }) => [seq, hash] as const));
}
