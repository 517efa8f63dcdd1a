// The audit log: append-only, hash-chained, and at the same time the stream of events that consumers follow.

import { createHash } from 'node:crypto';
import type { AuditEvent, AuditRow } from '../domain/audit-events.ts';
import { type Checkpoint, digestOfVotes } from './audit-checkpoint.ts';
import { votesToCompare } from './audit-votes.ts';
import type { Db } from './database.ts';
import { asc, desc, eq, gt, sql } from './drizzle.ts';
import { audit, heads } from './schema.ts';

export type AuditVerification =
  | {
      readonly intact: true;
      readonly rows: number;
      readonly head: string | undefined;
      /** Row of the last head that was published. */
      readonly publishedHead: number | undefined;
      /** Where and when it was published, and all of its hash. */
      readonly published: PublishedHead | undefined;
      /** Decisions of people that were compared with their rows. */
      readonly votes: number;
      /** Rows up to here were found intact before, all of them last at `fullAt`; undefined: all were walked now. */
      readonly since?: { readonly seq: number; readonly fullAt: number } | undefined;
      readonly votesDigest: string;
    }
  | { readonly intact: false; readonly rows: number; readonly problem: string; readonly seq: number };

/** A row by its number and its hash. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

interface PublishedHead {
  readonly seq: number;
  readonly hash: string;
  readonly place: string;
  readonly at: number;
}

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
 * Walks the whole chain. Finds any row edited, removed or reordered up to the last head known here, or up to `given`:
 * heads that were published where the owner of this file cannot reach. A vote without its row is found as well.
 */
export function verifyAudit(
  db: Db,
  given: AuditHead | readonly AuditHead[] = [],
  from?: Checkpoint,
): AuditVerification {
  // One moment of the file: another process may write a vote and its row in between.
  return db.$client.transaction(() => (from && verifySince(db, from)) ?? verifyWhole(db, [given].flat()))();
}

/** Undefined where anything is not as it should be: walking the whole log then says what. */
function verifySince(db: Db, from: Checkpoint): AuditVerification | undefined {
  const row = db.select().from(audit).where(eq(audit.seq, from.seq)).get();
  if (row?.hash !== from.hash || hashOf(row) !== from.hash) return undefined;
  const published = db.select().from(heads).orderBy(asc(heads.seq)).all();
  if (published.some(({ seq, hash }) => seq <= from.seq && hashAt(db, seq) !== hash)) return undefined;
  const votes = votesToCompare(db);
  const walked = walk(db, { known: published.filter(({ seq }) => seq > from.seq), seen: votes.row, from });
  if ('problem' in walked || cutTail(db, walked.seq, published)) return undefined;
  const { keys, complete } = votes.rest();
  if (!complete || digestOfVotes(keys) !== from.votesDigest) return undefined;
  return intact(walked, published, votes, { seq: from.seq, fullAt: from.fullAt });
}

const hashAt = (db: Db, seq: number): string | undefined =>
  db.select({ hash: audit.hash }).from(audit).where(eq(audit.seq, seq)).get()?.hash;

function verifyWhole(db: Db, outside: readonly AuditHead[]): AuditVerification {
  const published = db.select().from(heads).orderBy(asc(heads.seq)).all();
  const votes = votesToCompare(db);
  const walked = walk(db, { known: [...published, ...outside], seen: votes.row, from: { seq: 0, hash: beginning } });
  if ('problem' in walked) return { intact: false, ...walked };
  const rows = walked.seq;
  const missing = cutTail(db, rows, [...published, ...outside]);
  if (missing) return { intact: false, rows, ...missing };
  const problem = votes.problem();
  if (problem !== undefined) return { intact: false, rows, seq: rows, problem };
  return intact(walked, published, votes);
}

function intact(
  { seq, hash }: AuditHead,
  published: readonly (typeof heads.$inferSelect)[],
  votes: { readonly count: number; readonly keys: readonly string[] },
  since?: { readonly seq: number; readonly fullAt: number },
): AuditVerification {
  const last = published.at(-1);
  return {
    intact: true,
    rows: seq,
    head: seq === 0 ? undefined : hash,
    publishedHead: last?.seq,
    published: last && { seq: last.seq, hash: last.hash, place: last.place, at: last.publishedAt },
    votes: votes.count,
    since,
    votesDigest: digestOfVotes(votes.keys),
  };
}

interface Walk {
  readonly known: readonly AuditHead[];
  readonly seen: (row: StoredRow) => void;
  /** The row before the first. */
  readonly from: AuditHead;
}

function walk(
  db: Db,
  { known, seen, from }: Walk,
): AuditHead | { readonly rows: number; readonly problem: string; readonly seq: number } {
  const expected = new Map(known.map(({ seq, hash }) => [seq, hash] as const));
  const other = known.find(({ seq, hash }) => expected.get(seq) !== hash);
  if (other) return { rows: other.seq, seq: other.seq, problem: `two hashes were published for row ${other.seq}` };
  const next = db
    .select()
    .from(audit)
    .where(gt(audit.seq, sql.placeholder('seq')))
    .orderBy(asc(audit.seq));
  const page = next.limit(pageSize).prepare();
  let previous = from;
  for (;;) {
    const rows = page.all({ seq: previous.seq });
    for (const row of rows) {
      const problem = problemOf(row, previous, expected);
      if (problem) return { rows: row.seq, problem, seq: row.seq };
      seen(row);
      previous = row;
    }
    if (rows.length < pageSize) return previous;
  }
}

/** SQLite remembers the highest row that the table ever had, also when the rows and the heads are gone. */
function cutTail(
  db: Db,
  last: number,
  known: readonly AuditHead[],
): { readonly seq: number; readonly problem: string } | undefined {
  const cut = `the log was cut after row ${last}`;
  const beyond = known.find(({ seq }) => seq > last);
  if (beyond) return { seq: beyond.seq, problem: `row ${beyond.seq} was published and is gone: ${cut}` };
  const highest = db.get<{ seq: number } | undefined>(sql`SELECT seq FROM sqlite_sequence WHERE name = 'audit'`);
  if (highest === undefined || highest.seq <= last) return undefined;
  return { seq: highest.seq, problem: `row ${highest.seq} was written and is gone: ${cut}` };
}

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

function problemOf(row: StoredRow, previous: AuditHead, expected: ReadonlyMap<number, string>): string | undefined {
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
