// Moves the oldest rows of the audit log into a file. First the file, read back; then one transaction that records it in
// the log; then the rows are removed, some at a time. A run that was killed at any point is continued by the next one.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditAction } from '../../domain/audit-events.ts';
import { pause } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { AuditHead, StoredAuditRow } from '../audit.ts';
import type { Db } from '../database.ts';
import { liveDeployments } from '../deployments.ts';
import { and, asc, desc, eq, gt, inArray, isNotNull, lte, max, sql } from '../drizzle.ts';
import { settleState } from '../rest.ts';
import { audit, slots } from '../schema.ts';
import { archives, retained } from '../schema-archives.ts';
import type { Store } from '../store.ts';
import { archiveName, nameArchive, type ReadFile, readArchive, requireArchive, writeRows } from './archive-file.ts';
import { type Archive, archivedHead, digestOf, latestArchive } from './archives.ts';
import { leftFile } from './left-file.ts';
import { hasRowsToRemove, removeRows } from './remove-rows.ts';

/** `recording` and `page-removing` are within their transaction, before it is committed. */
export type ArchiveStep =
  | 'writing'
  | 'written'
  | 'read-back'
  | 'named'
  | 'recording'
  | 'recorded'
  | 'page-removing'
  | 'removing'
  | 'removed';

export interface ArchiveRun {
  readonly store: Store;
  /** Absolute path; made when missing. */
  readonly folder: string;
  /** As rows have it. */
  readonly actor: string;
  /** Rows from before this moment (epoch ms), up to the first that is younger. */
  readonly before: number;
  /** No row after this one. */
  readonly through: number;
  /** Fewer rows than this are not worth a file yet. */
  readonly least?: number | undefined;
  /** Called after each step. */
  readonly reached?: ((step: ArchiveStep) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

const mostRows = 20_000;
const pageRows = 200;

/**
 * Ends what an earlier run began, and archives the next rows, at most 20,000.
 * @returns undefined where too few rows are due
 * @throws BlueGreenError `archive-refused`, or what `storageFault` says: nothing was removed then
 */
export async function archiveRows(run: ArchiveRun): Promise<Archive | undefined> {
  const { store, folder, reached } = run;
  await endRemoval(run);
  const from = archivedHead(store.db);
  const end = dueThrough(store.db, run, from);
  if (end === undefined) return undefined;
  const written = (await leftFile(store.db, folder, from, end)) ?? (await writeFile(run, from, end));
  const archive = record(run, from, written);
  if (archive === undefined) return undefined;
  reached?.('recorded');
  await removeAll(run, archive);
  return archive;
}

/** Rows that were recorded as archived are removed only where the folder still has them. */
async function endRemoval(run: ArchiveRun): Promise<void> {
  const latest = latestArchive(run.store.db);
  if (latest === undefined || !hasRowsToRemove(run.store.db, latest)) return;
  await requireArchive(run.folder, latest);
  await removeAll(run, latest);
}

async function removeAll({ store, reached, signal }: ArchiveRun, archive: Archive): Promise<void> {
  for (let after = archive.firstSeq - 1, page = 1; after < archive.lastSeq; page += 1) {
    // Verbs of every process come in between.
    if (!(await pause(store.clock, removalRestMs, signal))) return;
    after = store.note((db) => {
      const through = removeRows(db, archive, after);
      reached?.('page-removing');
      return through;
    });
    // Removals change many places of the file: written back together, they would hold this process up for long.
    if (page % pagesPerSettling === 0) settleState(store.db);
    reached?.('removing');
  }
  reached?.('removed');
}

const removalRestMs = 10;
const pagesPerSettling = 5;

/** The last row that is due; looks at no more rows than one archive holds. */
function dueThrough(db: Db, { before, through, least = 1 }: ArchiveRun, from: AuditHead): number | undefined {
  const isDue = (seq: number) => {
    if (seq > through) return false;
    const row = db.select({ at: audit.at }).from(audit).where(eq(audit.seq, seq)).get();
    return row !== undefined && row.at < before;
  };
  if (!isDue(from.seq + 1) || !isDue(from.seq + least)) return undefined;
  const [young] = db
    .select({ seq: audit.seq })
    .from(audit)
    .where(and(gt(audit.seq, from.seq), lte(audit.seq, from.seq + mostRows), sql`+${audit.at} >= ${before}`))
    .orderBy(asc(audit.seq))
    .limit(1)
    .all();
  const last = db
    .select({ seq: audit.seq })
    .from(audit)
    .where(lte(audit.seq, from.seq + mostRows))
    .orderBy(desc(audit.seq))
    .limit(1)
    .get();
  return Math.min(through, (young?.seq ?? Number.MAX_SAFE_INTEGER) - 1, last?.seq ?? 0);
}

function* pagesOf({ store: { db }, reached }: ArchiveRun, from: number, through: number) {
  for (let after = from; after < through; after += pageRows) {
    const rows: readonly StoredAuditRow[] = db
      .select()
      .from(audit)
      .where(and(gt(audit.seq, after), lte(audit.seq, Math.min(after + pageRows, through))))
      .orderBy(asc(audit.seq))
      .all();
    yield rows;
    reached?.('writing');
  }
}

async function writeFile(run: ArchiveRun, from: AuditHead, through: number) {
  const { store, folder, reached } = run;
  const temporary = await writeRows(folder, pagesOf(run, from.seq, through), store.clock.now());
  reached?.('written');
  const found = await readArchive(temporary, from);
  const problem = 'problem' in found ? found.problem : problemWith(store.db, found, through);
  if ('problem' in found || problem !== undefined) {
    rmSync(temporary, { force: true });
    throw new BlueGreenError(
      'archive-refused',
      `the archive was not as it should be when it was read back: ${problem}`,
    );
  }
  reached?.('read-back');
  const name = archiveName(found);
  if (!nameArchive(temporary, folder, name))
    throw new BlueGreenError('archive-refused', `${join(folder, name)} exists, and holds other rows`);
  reached?.('named');
  return { ...found, file: name };
}

const problemWith = (db: Db, { last }: ReadFile, through: number): string | undefined =>
  last.seq === through && hashAt(db, last.seq) === last.hash ? undefined : `it ends with row ${last.seq}`;

type Recorded = ReadFile & { readonly file: string };

/** Undefined where another process was faster. */
function record({ store, actor, reached }: ArchiveRun, from: AuditHead, written: Recorded): Archive | undefined {
  const { first, last, file, sha256, bytes } = written;
  return store.write((tx) => {
    if (archivedHead(tx.db).seq !== from.seq || hashAt(tx.db, last.seq) !== last.hash) return undefined;
    const stay = rowsThatStay(tx.db, from.seq, last.seq);
    const said = {
      first: first.seq,
      last: last.seq,
      lastHash: last.hash,
      previousHash: from.hash,
      file,
      bytes,
      sha256,
      retained: stay.length,
      retainedDigest: digestOf(stay.map(({ hash }) => hash)),
    };
    tx.audit({ actor, action: 'state-archived', sentence: sentenceOf(written, stay.length), detail: said });
    const seqs = JSON.stringify(stay.map(({ seq }) => seq));
    tx.db.run(sql`INSERT INTO ${retained} (seq) SELECT value FROM json_each(${seqs})`);
    const row = tx.db
      .select({ seq: max(audit.seq) })
      .from(audit)
      .get();
    const archive = tx.db
      .insert(archives)
      .values({
        lastSeq: last.seq,
        firstSeq: first.seq,
        previousHash: from.hash,
        lastHash: last.hash,
        firstAt: first.at,
        lastAt: last.at,
        file,
        bytes,
        sha256,
        retained: said.retained,
        retainedDigest: said.retainedDigest,
        recordedIn: row?.seq ?? 0,
      })
      .returning()
      .get();
    reached?.('recording');
    return archive;
  });
}

function sentenceOf({ first, last, file }: Recorded, stay: number): string {
  const rows = `rows ${first.seq} to ${last.seq} of the audit log (${dayOf(first.at)} to ${dayOf(last.at)})`;
  return `${rows} are in ${file}; ${stay} of them stay in the state too`;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** What the engine decides by, however old it is, and what votes and archives are compared with. */
const needed = [
  'approved',
  'approval-counted',
  'contract-approved',
  'release-fetched',
  'release-pruned',
  'state-archived',
] as const satisfies readonly AuditAction[];

/** Also the rows of deployments that are under way, or that brought what is in a slot now. Each half reads one index. */
function rowsThatStay(db: Db, after: number, through: number): readonly AuditHead[] {
  const underWay = liveDeployments(db).map(({ id }) => id);
  const inSlots = db.select({ id: slots.deploymentId }).from(slots).where(isNotNull(slots.deploymentId)).all();
  const ids = JSON.stringify([...underWay, ...inSlots.map(({ id }) => id)]);
  const within = sql`${audit.seq} > ${after} AND ${audit.seq} <= ${through}`;
  const head = sql`SELECT ${audit.seq} AS seq, ${audit.hash} AS hash FROM ${audit}`;
  return db.all<AuditHead>(sql`
    ${head} WHERE ${inArray(audit.action, [...needed])} AND ${within}
    UNION ${head} WHERE ${audit.deploymentId} IN (SELECT value FROM json_each(${ids})) AND ${within}
    ORDER BY seq`);
}

const hashAt = (db: Db, seq: number): string | undefined =>
  db.select({ hash: audit.hash }).from(audit).where(eq(audit.seq, seq)).get()?.hash;
