// The slow verification of all rows: a page at a time, from the first row to the last, and then again. A row that was
// changed after it was verified is found within a day, and the next verification has only the latest rows to walk.

import { archivedHead, archivesAfter, problemOf } from './archive/archives.ts';
import { beginning } from './audit.ts';
import { walkPage } from './audit-chain.ts';
import { writeCheckpoint } from './audit-checkpoint.ts';
import { cutTail } from './audit-verification.ts';
import { compareVotes, noVotes, type VotesSeen } from './audit-votes.ts';
import type { Db } from './database.ts';
import { dropSnapshot, getSnapshot, putSnapshot } from './snapshots.ts';

interface Sweep {
  /** The last row of the last archive that was compared with what is here; absent before the first one. */
  readonly archived?: { readonly seq: number; readonly hash: string };
  readonly seq: number;
  readonly hash: string;
  readonly votes: VotesSeen;
  readonly startedAt: number;
  /** Undefined while the pass goes on. */
  readonly endedAt?: number;
}

export interface Broken {
  readonly seq: number;
  readonly problem: string;
  readonly at: number;
}

const sweepKey = 'audit-sweep';
const brokenKey = 'audit-broken';
/** From the beginning of a pass to that of the next one, at least. */
const passMs = 3_600_000;
/** Each vote takes some lookups, and few rows are votes. */
const votesShare = 10;

/** What the last pass found; undefined where all was intact. */
export const brokenLog = (db: Db): Broken | undefined => getSnapshot<Broken>(db, brokenKey)?.value;

/**
 * Verifies the next rows, at most `rows`; nothing where the last pass is young. Within a transaction of the caller.
 * @returns what is broken; the caller then ends the pass with `recordBroken`, and until it has, the same is found again
 */
export function sweepPage(db: Db, now: number, rows: number): Broken | undefined {
  const due = dueSweep(db, now);
  if (due === undefined) return undefined;
  const before = due.archived ?? beginning;
  const [archive] = archivesAfter(db, before.seq, 1);
  if (archive) {
    const problem = problemOf(db, archive, before);
    if (problem) return { ...problem, at: now };
    const archived = { seq: archive.lastSeq, hash: archive.lastHash };
    putSnapshot(db, sweepKey, { ...due, archived }, now);
    return undefined;
  }
  const start = archivedHead(db);
  const sweep = due.seq < start.seq ? { ...due, ...start } : due;
  const page = walkPage(db, { from: sweep, limit: rows });
  if ('problem' in page) return { seq: page.seq, problem: page.problem, at: now };
  const votes = compareVotes(db, sweep.votes, Math.ceil(rows / votesShare));
  const reached = { ...page.last, votes: votes.seen };
  const problem = votes.extra ?? page.missing;
  if (problem !== undefined) return { seq: page.last.seq, problem, at: now };
  if (!page.isAll || !votes.isAll) {
    putSnapshot(db, sweepKey, { ...sweep, ...reached }, now);
    return undefined;
  }
  const cut = cutTail(db, page.last.seq, []);
  if (cut) return { ...cut, at: now };
  if (reached.seq > 0) writeCheckpoint(db, { ...reached, fullAt: sweep.startedAt }, now);
  dropSnapshot(db, brokenKey);
  putSnapshot(db, sweepKey, { ...sweep, ...reached, endedAt: now }, now);
  return undefined;
}

/** A clock that was put back begins a new pass. */
function dueSweep(db: Db, now: number): Sweep | undefined {
  const found = getSnapshot<Sweep>(db, sweepKey)?.value;
  const isOver = found === undefined || found.endedAt !== undefined;
  if (found !== undefined && isOver && now >= found.startedAt && now < found.startedAt + passMs) return undefined;
  return isOver || now < found.startedAt ? { ...beginning, votes: noVotes, startedAt: now } : found;
}

/** The pass before found the same. */
export function isKnown(db: Db, { seq, problem }: Broken): boolean {
  const before = brokenLog(db);
  return before?.seq === seq && before.problem === problem;
}

export function recordBroken(db: Db, broken: Broken): void {
  const { at } = broken;
  putSnapshot(db, sweepKey, { ...beginning, votes: noVotes, startedAt: at, endedAt: at }, at);
  putSnapshot(db, brokenKey, broken, at);
}
