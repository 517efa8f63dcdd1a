// A write that finds the disk full makes room once: the log of the database begins again in the space that it has, and the
// reserve is given up.

import { releaseReserve } from '../lib/reserve.ts';
import { storageFault } from '../lib/storage-fault.ts';
import type { Db } from './database.ts';
import { fileOf } from './same-file.ts';

/** @throws BlueGreenError `disk-full` and its relatives, for what SQLite calls by other names */
export function withRoom<T>(db: Db, work: () => T): T {
  // The outermost transaction is the one that is tried again.
  if (db.$client.inTransaction) return work();
  const ways = [() => beginLogAgain(db), () => releaseReserve(fileOf(db))];
  for (;;) {
    try {
      return work();
    } catch (thrown) {
      const fault = storageFault(thrown, fileOf(db));
      if (fault === undefined) throw thrown;
      const makeRoom = ways.shift();
      if (fault.code !== 'disk-full' || makeRoom === undefined) throw fault;
      makeRoom();
    }
  }
}

function beginLogAgain(db: Db): void {
  try {
    db.$client.pragma('wal_checkpoint(PASSIVE)');
  } catch {
    // It needs room itself when the main file has to grow; the reserve comes next.
  }
}
