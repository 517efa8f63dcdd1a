// The row up to which the log was verified: the next verification starts there. It is in the same file as the log and
// proves nothing against the owner of that file. So the whole log is verified again once a day, and whenever the caller
// passes a head.

import { createHash } from 'node:crypto';
import type { Db } from './database.ts';
import { getSnapshot, putSnapshot } from './snapshots.ts';

export interface Checkpoint {
  readonly seq: number;
  readonly hash: string;
  /** Of all votes that had their rows up to here. */
  readonly votesDigest: string;
  /** When all rows were walked last (epoch ms). */
  readonly fullAt: number;
}

const key = 'audit-checkpoint';
const dayMs = 86_400_000;

/** Undefined where the whole log is due: it never was walked, or not within a day. */
export function readCheckpoint(db: Db, now: number): Checkpoint | undefined {
  const found = getSnapshot<Checkpoint>(db, key)?.value;
  return found && found.fullAt <= now && found.fullAt > now - dayMs ? found : undefined;
}

export function writeCheckpoint(db: Db, checkpoint: Checkpoint, now: number): void {
  putSnapshot(db, key, checkpoint, now);
}

export const digestOfVotes = (keys: Iterable<string>): string =>
  createHash('sha256')
    .update(JSON.stringify([...keys].sort()))
    .digest('hex');
