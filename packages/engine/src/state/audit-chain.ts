// A part of the chain, page by page: each row follows the one before, is what its hash says, has the hash that was
// published of it, and has its vote where it is a decision.

import { type AuditHead, hashOf, type StoredAuditRow } from './audit.ts';
import { missingVote } from './audit-votes.ts';
import type { Db } from './database.ts';
import { and, asc, gt, gte, lte, sql } from './drizzle.ts';
import { preparedOnce } from './prepared.ts';
import { audit, heads } from './schema.ts';

export interface BrokenAt {
  readonly rows: number;
  readonly seq: number;
  readonly problem: string;
}

export interface Walked {
  readonly last: AuditHead;
  /** Of the last row, as stored. */
  readonly isAll: boolean;
  /** The first decision whose vote is gone: reported only where the chain itself is intact. */
  readonly missing: string | undefined;
}

/** Rows after `from`, at most `limit`. `outside`: heads that this file does not hold. */
export function walkPage(
  db: Db,
  {
    from,
    limit,
    outside,
  }: { readonly from: AuditHead; readonly limit: number; readonly outside?: ReadonlyMap<number, string> },
): Walked | BrokenAt {
  const rows = pagesOf(db).rows.all({ after: from.seq, limit });
  const published = publishedWithin(db, from.seq + 1, rows.at(-1)?.seq ?? from.seq);
  let previous = from;
  let missing: string | undefined;
  for (const row of rows) {
    const problem = problemOf(row, previous, [published.get(row.seq), outside?.get(row.seq)]);
    if (problem) return { rows: row.seq, seq: row.seq, problem };
    missing ??= missingVote(db, row);
    previous = row;
  }
  return { last: { seq: previous.seq, hash: previous.hash }, isAll: rows.length < limit, missing };
}

function publishedWithin(db: Db, first: number, last: number): ReadonlyMap<number, string> {
  const rows = pagesOf(db).published.all({ first, last, limit: last - first + 1 });
  return new Map(rows.map(({ seq, hash }) => [seq, hash]));
}

const given = (name: string) => sql.placeholder(name);

const pagesOf = preparedOnce((db) => ({
  rows: db
    .select()
    .from(audit)
    .where(gt(audit.seq, given('after')))
    .orderBy(asc(audit.seq))
    .limit(given('limit'))
    .prepare(),
  published: db
    .select({ seq: heads.seq, hash: heads.hash })
    .from(heads)
    .where(and(gte(heads.seq, given('first')), lte(heads.seq, given('last'))))
    .orderBy(asc(heads.seq))
    .limit(given('limit'))
    .prepare(),
}));

function problemOf(
  row: StoredAuditRow,
  previous: AuditHead,
  published: readonly (string | undefined)[],
): string | undefined {
  if (row.seq !== previous.seq + 1) return `rows ${previous.seq + 1} to ${row.seq - 1} are gone`;
  if (row.previousHash !== previous.hash)
    return `row ${row.seq} does not follow row ${previous.seq}: a row was changed, removed or moved`;
  if (row.hash !== hashOf(row)) return `row ${row.seq} was edited`;
  if (published.some((hash) => hash !== undefined && hash !== row.hash))
    return `row ${row.seq} is not the one whose hash was published`;
  return undefined;
}
