// Why old rows of the log could not be archived, for the status.

import type { Db } from '../database.ts';
import { dropSnapshot, getSnapshot, putSnapshot } from '../snapshots.ts';

const key = 'archive-trouble';

interface Trouble {
  readonly problem: string;
  /** Epoch ms. */
  readonly since: number;
}

export const archiveTrouble = (db: Db): Trouble | undefined => getSnapshot<Trouble>(db, key)?.value;

/** `problem` undefined: it works again. */
export function writeArchiveTrouble(db: Db, problem: string | undefined, now: number): void {
  if (problem === undefined) dropSnapshot(db, key);
  else putSnapshot(db, key, { problem, since: archiveTrouble(db)?.since ?? now }, now);
}
