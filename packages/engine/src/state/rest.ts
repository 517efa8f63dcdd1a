// What a state needs while nothing happens: its log written back into the file, room for a bad day, a look at all pages.

import { dirname, resolve } from 'node:path';
import { startCompanion } from '../lib/companion.ts';
import { keepReserve } from '../lib/reserve.ts';
import type { Db } from './database.ts';
import { fileOf } from './same-file.ts';

const script = resolve(import.meta.dirname, 'check-whole.ts');
const checkLimitMs = 60 * 60_000;

/** The file alone then holds everything; who is reading keeps its part of the log for the next time. */
export function settleState(db: Db): void {
  if (!db.$client.open || db.$client.inTransaction) return;
  db.$client.pragma('wal_checkpoint(PASSIVE)');
  keepReserve(dirname(fileOf(db)));
}

/** What is damaged, or undefined. @throws when the check could not be made, or the signal aborts */
export async function checkWholeState(db: Db, signal: AbortSignal): Promise<string | undefined> {
  const companion = await startCompanion(script, []);
  try {
    const damage = await companion.ask(fileOf(db), { timeoutMs: checkLimitMs, signal });
    return damage === null ? undefined : String(damage);
  } finally {
    await companion.kill();
  }
}
