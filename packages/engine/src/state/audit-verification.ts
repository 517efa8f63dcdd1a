// Verification of the log: of all rows, or of those that came since a checkpoint. Finds any row edited, removed or
// reordered up to the last head known here, or up to heads that were published where the owner of this file cannot reach.

import { archivedHead, archivesAfter, latestArchive, problemOf } from './archive/archives.ts';
import { type AuditHead, beginning, hashOf } from './audit.ts';
import { type BrokenAt, walkPage } from './audit-chain.ts';
import type { Checkpoint } from './audit-checkpoint.ts';
import { compareVotes, noVotes, type VotesSeen } from './audit-votes.ts';
import type { Db } from './database.ts';
import { count, desc, eq, gt, sql } from './drizzle.ts';
import { audit, heads } from './schema.ts';
import { archives } from './schema-archives.ts';

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
      /** The beginning of the log that is in files, whose rows were not walked; undefined while all rows are here. */
      readonly archived?: ArchivedPart | undefined;
    }
  | { readonly intact: false; readonly rows: number; readonly problem: string; readonly seq: number };

interface ArchivedPart {
  /** From the first row to this one. */
  readonly rows: number;
  readonly files: number;
  /** Published heads of such rows that were given: only the files can be compared with them. */
  readonly heads: number;
}

interface PublishedHead {
  readonly seq: number;
  readonly hash: string;
  readonly place: string;
  readonly at: number;
}

/** With what the next verification begins at. */
export interface Verified {
  readonly verification: AuditVerification;
  /** Of an intact log that has rows. */
  readonly reached: Omit<Checkpoint, 'fullAt'> | undefined;
}

interface Asked {
  readonly outside?: readonly AuditHead[];
  readonly from?: Checkpoint | undefined;
  /** Called now and then with the row that was reached. */
  readonly progress?: ((seq: number) => void) | undefined;
}

const pageSize = 1_000;
/** Heads before the checkpoint that are compared each time: an older one that was forged is found by walking all rows. */
const latestHeads = 50;

export const verifyAudit = (
  db: Db,
  given: AuditHead | readonly AuditHead[] = [],
  from?: Checkpoint,
): AuditVerification => verify(db, { outside: [given].flat(), from }).verification;

export function verify(db: Db, { outside = [], from, progress }: Asked): Verified {
  // One moment of the file: another process may write a vote and its row in between.
  return db.$client.transaction(() => (from && verifySince(db, from)) ?? verifyWhole(db, outside, progress))();
}

/** Undefined where anything is not as it should be: walking the whole log then says what. */
function verifySince(db: Db, from: Checkpoint): Verified | undefined {
  const archived = archivedHead(db);
  if (from.seq < archived.seq) return undefined;
  const latest = latestArchive(db);
  if (latest && problemOf(db, latest, { seq: latest.firstSeq - 1, hash: latest.previousHash })) return undefined;
  if (from.seq === archived.seq && from.hash !== archived.hash) return undefined;
  const row = db.select().from(audit).where(eq(audit.seq, from.seq)).get();
  if (from.seq > archived.seq && (row?.hash !== from.hash || hashOf(row) !== from.hash)) return undefined;
  const isForged = ({ seq, hash }: AuditHead) => seq > archived.seq && seq <= from.seq && hashAt(db, seq) !== hash;
  if (db.select().from(heads).orderBy(desc(heads.seq)).limit(latestHeads).all().some(isForged)) return undefined;
  const walked = walkAll(db, { from });
  if ('problem' in walked || walked.missing !== undefined || cutTail(db, walked.last.seq, [])) return undefined;
  const votes = compareAll(db, from.votes);
  if (votes.extra !== undefined) return undefined;
  const since = { seq: from.seq, fullAt: from.fullAt };
  return intact(db, { last: walked.last, votes: votes.seen, since, archived: archivedPart(db) });
}

const hashAt = (db: Db, seq: number): string | undefined =>
  db.select({ hash: audit.hash }).from(audit).where(eq(audit.seq, seq)).get()?.hash;

function verifyWhole(db: Db, outside: readonly AuditHead[], progress: Asked['progress']): Verified {
  const broken = (at: BrokenAt): Verified => ({ verification: { intact: false, ...at }, reached: undefined });
  const given = new Map(outside.map(({ seq, hash }) => [seq, hash] as const));
  const other = outside.find(({ seq, hash }) => (hashOfHead(db, seq) ?? given.get(seq)) !== hash);
  if (other)
    return broken({ rows: other.seq, seq: other.seq, problem: `two hashes were published for row ${other.seq}` });
  const found = verifyArchives(db);
  if ('problem' in found) return broken({ rows: found.seq, ...found });
  const { last: archived, files } = found;
  const forged = outside.find(({ seq, hash }) => seq <= archived.seq && (hashAt(db, seq) ?? hash) !== hash);
  if (forged)
    return broken({
      rows: forged.seq,
      seq: forged.seq,
      problem: `row ${forged.seq} is not the one whose hash was published`,
    });
  const walked = walkAll(db, { from: archived, outside: given, progress });
  if ('problem' in walked) return broken(walked);
  const rows = walked.last.seq;
  const cut = cutTail(db, rows, outside);
  if (cut) return broken({ rows, ...cut });
  const votes = compareAll(db, noVotes);
  const problem = votes.extra ?? walked.missing;
  if (problem !== undefined) return broken({ rows, seq: rows, problem });
  const heads = outside.filter(({ seq }) => seq <= archived.seq && hashAt(db, seq) === undefined).length;
  const part = files === 0 ? undefined : { rows: archived.seq, files, heads };
  return intact(db, { last: walked.last, votes: votes.seen, since: undefined, archived: part });
}

/** What the state knows of each archive, and the rows of it that stay here. */
function verifyArchives(
  db: Db,
): { readonly last: AuditHead; readonly files: number } | { readonly seq: number; readonly problem: string } {
  let last = beginning;
  for (let files = 0; ; files += 1) {
    const [archive] = archivesAfter(db, last.seq, 1);
    if (archive === undefined) return { last, files };
    const problem = problemOf(db, archive, last);
    if (problem) return problem;
    last = { seq: archive.lastSeq, hash: archive.lastHash };
  }
}

const hashOfHead = (db: Db, seq: number): string | undefined =>
  db.select({ hash: heads.hash }).from(heads).where(eq(heads.seq, seq)).get()?.hash;

interface Walk {
  readonly from: AuditHead;
  readonly outside?: ReadonlyMap<number, string>;
  readonly progress?: Asked['progress'];
}

function walkAll(
  db: Db,
  { from, outside, progress }: Walk,
): { readonly last: AuditHead; readonly missing: string | undefined } | BrokenAt {
  let last = { seq: from.seq, hash: from.hash };
  let missing: string | undefined;
  for (;;) {
    const page = walkPage(db, { from: last, limit: pageSize, ...(outside && { outside }) });
    if ('problem' in page) return page;
    last = page.last;
    missing ??= page.missing;
    if (page.isAll) return { last, missing };
    progress?.(last.seq);
  }
}

function compareAll(db: Db, from: VotesSeen): { readonly seen: VotesSeen; readonly extra: string | undefined } {
  let seen = from;
  for (;;) {
    const page = compareVotes(db, seen, pageSize);
    seen = page.seen;
    if (page.extra !== undefined || page.isAll) return { seen, extra: page.extra };
  }
}

function archivedPart(db: Db): ArchivedPart | undefined {
  const files = db.select({ files: count() }).from(archives).get()?.files ?? 0;
  return files === 0 ? undefined : { rows: archivedHead(db).seq, files, heads: 0 };
}

interface Intact {
  readonly archived: ArchivedPart | undefined;
  readonly last: AuditHead;
  readonly votes: VotesSeen;
  readonly since: { readonly seq: number; readonly fullAt: number } | undefined;
}

function intact(db: Db, { last: { seq, hash }, votes, since, archived }: Intact): Verified {
  const published = db.select().from(heads).orderBy(desc(heads.seq)).limit(1).get();
  return {
    verification: {
      intact: true,
      rows: seq,
      head: seq === 0 ? undefined : hash,
      publishedHead: published?.seq,
      published: published && {
        seq: published.seq,
        hash: published.hash,
        place: published.place,
        at: published.publishedAt,
      },
      votes: votes.count,
      since,
      votesDigest: votes.digest,
      archived,
    },
    reached: seq === 0 ? undefined : { seq, hash, votes },
  };
}

/** SQLite remembers the highest row that the table ever had, also when the rows and the heads are gone. */
export function cutTail(
  db: Db,
  last: number,
  outside: readonly AuditHead[],
): { readonly seq: number; readonly problem: string } | undefined {
  const cut = `the log was cut after row ${last}`;
  const [stored] = db
    .select({ seq: heads.seq })
    .from(heads)
    .where(gt(heads.seq, last))
    .orderBy(heads.seq)
    .limit(1)
    .all();
  const beyond = stored ?? outside.find(({ seq }) => seq > last);
  if (beyond) return { seq: beyond.seq, problem: `row ${beyond.seq} was published and is gone: ${cut}` };
  const highest = db.get<{ seq: number } | undefined>(sql`SELECT seq FROM sqlite_sequence WHERE name = 'audit'`);
  if (highest === undefined || highest.seq <= last) return undefined;
  return { seq: highest.seq, problem: `row ${highest.seq} was written and is gone: ${cut}` };
}
