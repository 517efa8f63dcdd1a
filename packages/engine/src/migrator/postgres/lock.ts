// One migrator at a time: an advisory lock of the session. It is polled for, since a wait for it inside the server is a
// transaction that an index being built concurrently waits for, while its builder holds the lock.

import { createHash } from 'node:crypto';
import { type Clock, pause } from '../../lib/clock.ts';
import { MigrationError } from '../error.ts';
import { whoHoldsLock } from './holders.ts';
import type { Session } from './session.ts';

const pollMs = 250;

export interface MigratorLock {
  locked<T>(waitMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** The session whose end would be the lock's end. */
  readonly holder: () => Session | undefined;
}

/** @param session the present one, in its turn */
export function createLock(
  session: <T>(use: (session: Session) => Promise<T>) => Promise<T>,
  table: string,
  clock: Clock,
): MigratorLock {
  const key = keyOf(table);
  let holder: Session | undefined;
  let isTaken = false;

  const take = () =>
    session(async (present) => {
      const [row] = await present.ask('SELECT pg_try_advisory_lock($1::bigint) AS mine', [key]);
      if (row?.mine === true) holder = present;
      return row?.mine === true;
    });

  async function waitForTurn(waitMs: number, signal: AbortSignal): Promise<void> {
    const until = clock.now() + waitMs;
    for (;;) {
      if (signal.aborted)
        throw new MigrationError('stopped', 'the migration was stopped while it waited for another one');
      // The server would give it to the same session twice.
      if (!isTaken) {
        isTaken = true;
        isTaken = await take().catch((thrown: unknown) => {
          isTaken = false;
          throw thrown;
        });
        if (isTaken) return;
      }
      const left = until - clock.now();
      if (left <= 0) throw await lockedError();
      await pause(clock, Math.min(pollMs, left), signal);
    }
  }

  async function lockedError(): Promise<MigrationError> {
    const who = await session((present) => whoHoldsLock(present, key)).catch(() => undefined);
    return new MigrationError(
      'locked',
      `another migration of this database is running: ${who ?? 'its session cannot be seen'}`,
      {
        hint: 'Wait for it to end, or end that session.',
      },
    );
  }

  async function giveBack(): Promise<void> {
    const mine = holder;
    holder = undefined;
    isTaken = false;
    // Where the session is gone so is the lock.
    if (!mine?.isAlive()) return;
    const unlock = () => mine.ask('SELECT pg_advisory_unlock($1::bigint)', [key]);
    await session(unlock).catch(() => mine.destroy());
  }

  return {
    holder: () => holder,
    async locked(waitMs, signal, work) {
      await waitForTurn(waitMs, signal);
      try {
        return await work();
      } finally {
        await giveBack();
      }
    },
  };
}

/** Locks belong to one database of the server; the ledger's name distinguishes the migrators that share it. */
function keyOf(table: string): string {
  return String(createHash('sha256').update(`bluegreen migrator of ${table}`).digest().readBigInt64BE());
}
