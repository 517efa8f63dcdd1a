// What is done for the state file while nothing happens.

import { dirname } from 'node:path';
import { retainReserve } from '../lib/reserve.ts';
import type { Db } from './database.ts';

/** The main file then holds everything, so that the log of the next writes needs no more of the disk than it has. */
export function settleState(db: Db): void {
  retainReserve(dirname(db.$client.name));
  if (!db.$client.inTransaction) db.$client.pragma('wal_checkpoint(PASSIVE)');
}
