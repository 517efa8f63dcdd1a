// The audit log: append-only, hash-chained, and at the same time the stream of events that consumers follow.

import { createHash } from 'node:crypto';
import { asc, desc, eq, gt } from 'drizzle-orm';
import type { Db } from './database.ts';
import { audit, heads } from './schema.ts';

export interface AuditEvent {
  /** As `actorName` gives it. */
  readonly actor: string;
  /** `deployment-requested`, `step-done`, `refused`, … */
  readonly action: string;
  readonly service?: string | undefined;
  readonly target?: string | undefined;
  readonly deploymentId?: string | undefined;
  /** Reason code, where there is one. */
  readonly code?: string | undefined;
  /** What happened, for people. */
  readonly sentence: string;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface AuditRow {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly service: string | null;
  readonly target: string | null;
  readonly deploymentId: string | null;
  readonly code: string | null;
  readonly sentence: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hash: string;
}

export type AuditVerification =
  | {
      readonly intact: true;
      readonly rows: number;
      readonly head: string | undefined;
      readonly publishedHead: number | undefined;
    }
  | { readonly intact: false; readonly rows: number; readonly problem: string; readonly seq: number };

type StoredRow = typeof audit.$inferSelect;

const beginning = '0'.repeat(64);
const pageSize = 1_000;

export function appendAudit(db: Db, at: number, event: AuditEvent, redact: (text: string) => string): void {
  const last = db.select({ seq: audit.seq, hash: audit.hash }).from(audit).orderBy(desc(audit.seq)).limit(1).get();
  const row: Omit<StoredRow, 'hash'> = {
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
    previousHash: last?.hash ?? beginning,
  };
  db.insert(audit)
    .values({ ...row, hash: hashOf(row) })
    .run();
}

export function auditAfter(db: Db, seq: number, limit: number): readonly AuditRow[] {
  return db.select().from(audit).where(gt(audit.seq, seq)).orderBy(asc(audit.seq)).limit(limit).all().map(present);
}

/**
 * Walks the whole chain. Finds any row edited, removed or reordered up to the last head known here, or up to `outside`:
 * a head that was published where the owner of this file cannot reach.
 */
export function verifyAudit(db: Db, outside?: { readonly seq: number; readonly hash: string }): AuditVerification {
  const published = db.select().from(heads).orderBy(asc(heads.seq)).all();
  const expected = new Map([
    ...published.map(({ seq, hash }) => [seq, hash] as const),
    ...(outside ? [[outside.seq, outside.hash] as const] : []),
  ]);
  let previous = { seq: 0, hash: beginning };
  for (;;) {
    const page = db
      .select()
      .from(audit)
      .where(gt(audit.seq, previous.seq))
      .orderBy(asc(audit.seq))
      .limit(pageSize)
      .all();
    for (const row of page) {
      const problem = problemOf(row, previous, expected);
      if (problem) return { intact: false, rows: row.seq, problem, seq: row.seq };
      previous = row;
    }
    if (page.length < pageSize) break;
  }
  const beyond = [...expected.keys()].find((seq) => seq > previous.seq);
  if (beyond !== undefined)
    return {
      intact: false,
      rows: previous.seq,
      seq: beyond,
      problem: `row ${beyond} was published and is gone: the log was cut after row ${previous.seq}`,
    };
  return {
    intact: true,
    rows: previous.seq,
    head: previous.seq === 0 ? undefined : previous.hash,
    publishedHead: published.at(-1)?.seq,
  };
}

export function latestHead(db: Db): { seq: number; hash: string } | undefined {
  return db.select({ seq: audit.seq, hash: audit.hash }).from(audit).orderBy(desc(audit.seq)).limit(1).get();
}

export function rememberHead(db: Db, head: { seq: number; hash: string }, at: number, place: string): void {
  const known = db.select().from(heads).where(eq(heads.seq, head.seq)).get();
  if (!known)
    db.insert(heads)
      .values({ ...head, publishedAt: at, place })
      .run();
}

function problemOf(
  row: StoredRow,
  previous: { seq: number; hash: string },
  expected: ReadonlyMap<number, string>,
): string | undefined {
  if (row.seq !== previous.seq + 1) return `rows ${previous.seq + 1} to ${row.seq - 1} are gone`;
  if (row.previousHash !== previous.hash)
    return `row ${row.seq} does not follow row ${previous.seq}: a row was changed, removed or moved`;
  if (row.hash !== hashOf(row)) return `row ${row.seq} was edited`;
  const head = expected.get(row.seq);
  if (head !== undefined && head !== row.hash) return `row ${row.seq} is not the one whose hash was published`;
  return undefined;
}

function hashOf(row: Omit<StoredRow, 'hash'>): string {
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

function present({ previousHash: _, detail, ...row }: StoredRow): AuditRow {
  return { ...row, detail: JSON.parse(detail) as Record<string, unknown> };
}
