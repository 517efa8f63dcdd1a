// How far the copies of the audit log outside are, and what keeps one from growing.

import type { Db } from './database.ts';
import { dropSnapshot, getSnapshot, putSnapshot, readCursor } from './snapshots.ts';

export interface Shipped {
  /** Of `audit.ship`; `heads` for the file with the heads. */
  readonly name: string;
  /** The last row that it has. */
  readonly seq: number;
  readonly problem: string | undefined;
  /** When it began (epoch ms). */
  readonly since: number | undefined;
}

interface Trouble {
  readonly problem: string;
  readonly since: number;
}

/** Name of its cursor, of its lease, and of the snapshot with what goes wrong. */
export const shipConsumer = (name: string): string => `audit-ship:${name}`;

export function readShipped(db: Db, name: string): Shipped {
  const consumer = shipConsumer(name);
  const trouble = getSnapshot<Trouble>(db, consumer)?.value;
  return { name, seq: readCursor(db, consumer), problem: trouble?.problem, since: trouble?.since };
}

/** `problem` undefined: it works again. */
export function writeTrouble(db: Db, name: string, problem: string | undefined, now: number): void {
  const key = shipConsumer(name);
  if (problem === undefined) dropSnapshot(db, key);
  else putSnapshot(db, key, { problem, since: readShipped(db, name).since ?? now }, now);
}
