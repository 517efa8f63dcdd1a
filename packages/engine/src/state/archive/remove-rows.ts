// Removes rows that an archive holds, and what the state knows of the deployments that ended in them. The database
// refuses to remove any other row.

import type { AuditAction } from '../../domain/audit-events.ts';
import type { Db } from '../database.ts';
import { and, asc, gt, gte, lte, sql } from '../drizzle.ts';
import { audit, heads } from '../schema.ts';
import { retained } from '../schema-archives.ts';
import { dropSnapshotsOf } from '../snapshots.ts';
import type { Archive } from './archives.ts';

const pageRows = 100;

const isRetained = sql`EXISTS (SELECT 1 FROM ${retained} WHERE ${retained.seq} = ${audit.seq})`;

export function hasRowsToRemove(db: Db, { firstSeq, lastSeq }: Archive): boolean {
  const found = db
    .select({ seq: audit.seq })
    .from(audit)
    .where(and(gte(audit.seq, firstSeq), lte(audit.seq, lastSeq), sql`NOT ${isRetained}`))
    .limit(1)
    .get();
  return found !== undefined;
}

/** The next rows after this one. Within a transaction of the caller. @returns the last row that was looked at */
export function removeRows(db: Db, { lastSeq }: Archive, after: number): number {
  const rows = db
    .select({
      seq: audit.seq,
      action: audit.action,
      deploymentId: audit.deploymentId,
      stays: sql<number>`${isRetained}`,
    })
    .from(audit)
    .where(and(gt(audit.seq, after), lte(audit.seq, lastSeq)))
    .orderBy(asc(audit.seq))
    .limit(pageRows)
    .all();
  const through = rows.length < pageRows ? lastSeq : (rows.at(-1)?.seq ?? lastSeq);
  db.delete(heads)
    .where(and(gt(heads.seq, after), lte(heads.seq, through)))
    .run();
  for (const { action, deploymentId, stays } of rows)
    if (action === ('deployment-finished' satisfies AuditAction) && stays === 0 && deploymentId !== null)
      dropSnapshotsOf(db, deploymentId);
  db.delete(audit)
    .where(and(gt(audit.seq, after), lte(audit.seq, through), sql`NOT ${isRetained}`))
    .run();
  return through;
}
