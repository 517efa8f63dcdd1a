// The beginning of the audit log that is in files: what the state knows of each archive, and where its own rows begin.

import { createHash } from 'node:crypto';
import { type AuditHead, beginning, hashOf } from '../audit.ts';
import { missingVote } from '../audit-votes.ts';
import type { Db } from '../database.ts';
import { and, asc, desc, eq, gt, gte, lte } from '../drizzle.ts';
import { audit } from '../schema.ts';
import { archives, retained } from '../schema-archives.ts';

export type Archive = typeof archives.$inferSelect;

export function latestArchive(db: Db): Archive | undefined {
  return db.select().from(archives).orderBy(desc(archives.lastSeq)).limit(1).get();
}

/** The last row that is in an archive: the rows of the state follow it. */
export function archivedHead(db: Db): AuditHead {
  const latest = latestArchive(db);
  return latest === undefined ? beginning : { seq: latest.lastSeq, hash: latest.lastHash };
}

/** Oldest first, at most `limit` whose last row comes after `seq`. */
export function archivesAfter(db: Db, seq: number, limit: number): readonly Archive[] {
  return db.select().from(archives).where(gt(archives.lastSeq, seq)).orderBy(asc(archives.lastSeq)).limit(limit).all();
}

/** Those that hold one of these rows, oldest first. */
export function archivesWith(db: Db, from: number, through: number): readonly Archive[] {
  return db
    .select()
    .from(archives)
    .where(and(gte(archives.lastSeq, from), lte(archives.firstSeq, through)))
    .orderBy(asc(archives.lastSeq))
    .all();
}

/** Those with rows of this time (epoch ms), oldest first. */
export function archivesBetween(db: Db, since: number, until: number): readonly Archive[] {
  return db
    .select()
    .from(archives)
    .where(and(gte(archives.lastAt, since), lte(archives.firstAt, until)))
    .orderBy(asc(archives.lastSeq))
    .limit(mostFiles)
    .all();
}

const mostFiles = 20;

/** Rows of an archive that are in the state too, in their order. */
export function retainedRows(db: Db, { firstSeq, lastSeq }: Pick<Archive, 'firstSeq' | 'lastSeq'>) {
  return db
    .select({ row: audit })
    .from(retained)
    .innerJoin(audit, eq(audit.seq, retained.seq))
    .where(and(gte(retained.seq, firstSeq), lte(retained.seq, lastSeq)))
    .orderBy(asc(retained.seq))
    .all()
    .map(({ row }) => row);
}

export const digestOf = (hashes: readonly string[]): string =>
  createHash('sha256').update(hashes.join('\n')).digest('hex');

/** What is wrong with what the state knows of an archive, whose predecessor ends with `before`. */
export function problemOf(
  db: Db,
  archive: Archive,
  before: AuditHead,
): { readonly seq: number; readonly problem: string } | undefined {
  const { firstSeq, lastSeq, previousHash, lastHash, sha256, recordedIn, retainedDigest } = archive;
  if (firstSeq !== before.seq + 1 || previousHash !== before.hash)
    return {
      seq: firstSeq,
      problem: `the archive of rows ${firstSeq} to ${lastSeq} does not follow row ${before.seq}`,
    };
  const row = db.select().from(audit).where(eq(audit.seq, recordedIn)).get();
  const said = row?.action === 'state-archived' ? (JSON.parse(row.detail) as Readonly<Record<string, unknown>>) : {};
  const isSaid =
    said.first === firstSeq &&
    said.last === lastSeq &&
    said.lastHash === lastHash &&
    said.previousHash === previousHash &&
    said.sha256 === sha256 &&
    said.retainedDigest === retainedDigest;
  if (row === undefined || !isSaid || hashOf(row) !== row.hash)
    return {
      seq: recordedIn,
      problem: `row ${recordedIn} does not say what the state says of rows ${firstSeq} to ${lastSeq}`,
    };
  const rows = retainedRows(db, archive);
  const edited = rows.find((each) => hashOf(each) !== each.hash);
  if (edited) return { seq: edited.seq, problem: `row ${edited.seq} was edited` };
  if (digestOf(rows.map(({ hash }) => hash)) !== retainedDigest)
    return {
      seq: lastSeq,
      problem: `rows that stay here of the archive ${firstSeq} to ${lastSeq} were removed or changed`,
    };
  const missing = rows.map((each) => missingVote(db, each)).find((each) => each !== undefined);
  return missing === undefined ? undefined : { seq: lastSeq, problem: missing };
}
