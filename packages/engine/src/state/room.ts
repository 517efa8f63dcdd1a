// A write that finds the disk full makes room: the log of the database begins again in the space that it has, and then the
// reserve is given up part by part.

import { mostParts, releaseReserve } from '../lib/reserve.ts';
import { storageFault } from '../lib/storage-fault.ts';
import type { Db } from './database.ts';
import { withinPatience } from './patience.ts';
import { replacedFile } from './same-file.ts';

/** @throws BlueGreenError `state-replaced`; what `storageFault` says instead of SQLite's own errors */
export function withRoom<T>(db: Db, use: 'decision' | 'observation', work: () => T): T {
  // The outermost transaction is the one that is tried again.
  if (db.$client.inTransaction) return work();
  const replaced = replacedFile(db);
  if (replaced) throw replaced;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return withinPatience(db, work);
    } catch (thrown) {
      const fault = storageFault(thrown, db.$client.name);
      if (fault?.code !== 'disk-full') throw fault ?? thrown;
      if (attempt > 0 && (attempt > mostParts || !releaseReserve(db.$client.name, use))) throw fault;
      beginLogAgain(db);
    }
  }
}

function beginLogAgain(db: Db): void {
  try {
    db.$client.pragma('wal_checkpoint(PASSIVE)');
  } catch {
    // It needs room itself where the main file has to grow; a part of the reserve comes next.
  }
}
