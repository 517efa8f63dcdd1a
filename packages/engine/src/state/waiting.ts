// Deployments that a person asked for and that have not begun. A row that has ended never changes again.

import { and, asc, desc, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import type { TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { deployments } from './schema.ts';
import { waiting } from './schema-waiting.ts';
import type { Tx } from './store.ts';

export type WaitingRow = typeof waiting.$inferSelect;

export function addWaiting(tx: Tx, row: typeof waiting.$inferInsert): void {
  tx.db.insert(waiting).values(row).run();
}

export function changeWaiting(tx: Tx, id: string, change: Partial<WaitingRow>): void {
  tx.db.update(waiting).set(change).where(eq(waiting.id, id)).run();
}

export function readWaiting(db: Db, id: string): WaitingRow | undefined {
  return db.select().from(waiting).where(eq(waiting.id, id)).get();
}

/** The request that became this deployment. */
export function requestOfDeployment(db: Db, deploymentId: string): WaitingRow | undefined {
  return db.select().from(waiting).where(eq(waiting.deploymentId, deploymentId)).get();
}

const ofTarget = ({ service, target }: TargetKey) => and(eq(waiting.service, service), eq(waiting.target, target));

/** Those that wait for the target, in the order in which they begin: put first, then by request; then what is scheduled. */
export function waitingOf(db: Db, key: TargetKey): readonly WaitingRow[] {
  return db
    .select()
    .from(waiting)
    .where(and(ofTarget(key), isNull(waiting.endedAt)))
    .orderBy(
      sql`${waiting.status} = 'scheduled'`,
      sql`${waiting.firstBecause} IS NULL`,
      sql`coalesce(${waiting.dueAt}, ${waiting.requestedAt})`,
      asc(waiting.id),
    )
    .all();
}

/** The newest first. */
export function endedWaiting(db: Db, key: TargetKey, limit: number): readonly WaitingRow[] {
  return db
    .select()
    .from(waiting)
    .where(and(ofTarget(key), isNotNull(waiting.endedAt)))
    .orderBy(desc(waiting.endedAt))
    .limit(limit)
    .all();
}

// As text: only then does SQLite see which index is meant.
const wasPromoted = sql`${deployments.outcome} = 'promoted'`;

/** How long the last promoted deployments of the target took, in ms. */
export function lastDurations(db: Db, { service, target }: TargetKey, limit: number): readonly number[] {
  return db
    .select({ from: deployments.requestedAt, to: deployments.finishedAt })
    .from(deployments)
    .where(and(eq(deployments.service, service), eq(deployments.target, target), wasPromoted))
    .orderBy(desc(deployments.finishedAt))
    .limit(limit)
    .all()
    .map(({ from, to }) => Math.max(0, (to ?? from) - from));
}
