// What the state file holds, read by another SQLite than the engine's own: Node's.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface KeptRows {
  readonly rows: number;
  readonly different: number;
  readonly waiting: number;
  /** The senders' ids. */
  readonly ids: ReadonlySet<string>;
  /** Whether SQLite finds the file whole. */
  readonly isSound: boolean;
}

export function keptRows(state: string): KeptRows {
  return reading(state, (database) => {
    const count = database
      .prepare(
        "SELECT count(*) AS rows, count(DISTINCT content) AS different, sum(state = 'waiting') AS waiting FROM inbox",
      )
      .get() as { readonly rows: number; readonly different: number; readonly waiting: number | null };
    const all = database.prepare('SELECT delivery FROM inbox').all() as unknown as readonly {
      readonly delivery: string;
    }[];
    const check = database.prepare('PRAGMA integrity_check').get() as { readonly integrity_check: string };
    return {
      ...count,
      waiting: count.waiting ?? 0,
      ids: new Set(all.map(({ delivery }) => delivery)),
      isSound: check.integrity_check === 'ok',
    };
  });
}

export const waitingRows = (state: string): number =>
  reading(state, (database) => {
    const row = database.prepare("SELECT count(*) AS waiting FROM inbox WHERE state = 'waiting'").get();
    return (row as { readonly waiting: number }).waiting;
  });

function reading<T>(state: string, read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(state, 'state.sqlite'), { readOnly: true, timeout: 10_000 });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
