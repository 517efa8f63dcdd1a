// The audit log: append-only, hash-chained, and at the same time the stream of events that consumers follow.

import { createHash } from 'node:crypto';
import type { AuditEvent, AuditRow } from '../domain/audit-events.ts';
import type { Db } from './database.ts';
import { and, asc, desc, eq, gt, sql } from './drizzle.ts';
import { audit, heads } from './schema.ts';
import { archives } from './schema-archives.ts';

/** A row by its number and its hash. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export type StoredAuditRow = typeof audit.$inferSelect;

/** What the first row of all follows. */
export const beginning: AuditHead = { seq: 0, hash: '0'.repeat(64) };

export function appendAudit(db: Db, at: number, event: AuditEvent, redact: (text: string) => string): void {
  const last = db.select({ seq: audit.seq, hash: audit.hash }).from(audit).orderBy(desc(audit.seq)).limit(1).get();
  const row: Omit<StoredAuditRow, 'hash'> = {
    seq: (last?.seq ?? 0) + 1,
    at,
    actor: event.actor,
    action: event.action,
    service: event.service ?? null,
    target: event.target ?? null,
    deploymentId: event.deploymentId ?? null,
    code: event.code ?? null,
    sentence: redact(event.sentence),
    detail: redact(JSON.stringify(event.detail ?? {})),
    previousHash: last?.hash ?? beginning.hash,
  };
  db.insert(audit)
    .values({ ...row, hash: hashOf(row) })
    .run();
}

/** Without those that an archive holds, also where some of these are still here: the stream has no gap. */
export function auditAfter(db: Db, seq: number, limit: number): readonly AuditRow[] {
  return db
    .select()
    .from(audit)
    .where(and(gt(audit.seq, seq), gt(audit.seq, lastArchived)))
    .orderBy(asc(audit.seq))
    .limit(limit)
    .all()
    .map(present);
}

/**
 * The row before the first one that is not older than `at` (epoch ms); the last row where all are older. Looks at the rows
 * since then only.
 */
export function lastRowBefore(db: Db, at: number): number {
  // One statement: a row that another process writes meanwhile is not passed over.
  const found = db.get<{ readonly seq: number }>(sql`SELECT coalesce(
    (SELECT min(+seq) - 1 FROM audit INDEXED BY audit_by_time WHERE at >= ${at}), (SELECT max(seq) FROM audit), 0) AS seq`);
  return found.seq;
}

export const lastArchived = sql<number>`(SELECT coalesce(max(${archives.lastSeq}), 0) FROM ${archives})`;

export function latestHead(db: Db): AuditHead | undefined {
  return db.select({ seq: audit.seq, hash: audit.hash }).from(audit).orderBy(desc(audit.seq)).limit(1).get();
}

export function rememberHead(db: Db, head: AuditHead, at: number, place: string): void {
  const known = db.select().from(heads).where(eq(heads.seq, head.seq)).get();
  if (!known)
    db.insert(heads)
      .values({ ...head, publishedAt: at, place })
      .run();
}

/** What the chain is made of. */
export function hashOf(row: Omit<StoredAuditRow, 'hash'>): string {
  const content = [
    row.previousHash,
    row.seq,
    row.at,
    row.actor,
    row.action,
    row.service,
    row.target,
    row.deploymentId,
    row.code,
    row.sentence,
    row.detail,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

export function present({ previousHash: _, detail, ...row }: StoredAuditRow): AuditRow {
  return { ...row, detail: JSON.parse(detail) as Record<string, unknown> };
}
