// The row up to which the log was verified: the next verification starts there. It is in the same file as the log and
// proves nothing against the owner of that file. So all rows are verified again, bit by bit and at least once a day, and
// whenever the caller passes a head.

import type { VotesSeen } from './audit-votes.ts';
import type { Db } from './database.ts';
import { getSnapshot, putSnapshot } from './snapshots.ts';

export interface Checkpoint {
  readonly seq: number;
  readonly hash: string;
  /** Votes that had their rows up to here. */
  readonly votes: VotesSeen;
  /** When all rows were walked last (epoch ms). */
  readonly fullAt: number;
}

const key = 'audit-checkpoint';
const dayMs = 86_400_000;

/** Undefined where the whole log is due: it never was walked, or not within a day. */
export function readCheckpoint(db: Db, now: number): Checkpoint | undefined {
  const found = latestCheckpoint(db);
  return found && found.fullAt <= now && found.fullAt > now - dayMs ? found : undefined;
}

/** However old; undefined for one of a version that remembered votes in another form. */
export function latestCheckpoint(db: Db): Checkpoint | undefined {
  const found = getSnapshot<Partial<Checkpoint>>(db, key)?.value;
  const { seq, hash, votes, fullAt } = found ?? {};
  if (seq === undefined || hash === undefined || votes === undefined || fullAt === undefined) return undefined;
  return { seq, hash, votes, fullAt };
}

export function writeCheckpoint(db: Db, checkpoint: Checkpoint, now: number): void {
  putSnapshot(db, key, checkpoint, now);
}
