// One migrator at a time: the write lock of a small SQLite file next to the application's. It ends with the process
// that holds it, for any reason, and does not block the application's own file. The file remains: removing it while
// another migrator opens it would give each a separate lock.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, pause } from '../../lib/clock.ts';
import { MigrationError } from '../error.ts';
import type { Connection } from './connection.ts';
import { isBusy, migrationErrorOf } from './failure.ts';

const pollMs = 250;

export interface MigratorLock {
  locked<T>(waitMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /**
   * After SQLite's process was replaced: takes the lock again if no other migrator had it meanwhile.
   * @throws MigrationError `unreachable` when another had
   */
  retake(): Promise<void>;
}

export function createLock(connection: () => Connection, lockFile: string, clock: Clock): MigratorLock {
  const me = randomUUID();
  const holder = `process ${process.pid} on ${hostname()}`.replaceAll("'", '');
  let isHeld = false;

  /** Under the lock no other migrator can write the name: one that reads its own still has the lock. */
  async function take(): Promise<boolean> {
    const { execLock, lockRows } = connection();
    try {
      await execLock(`BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT, name TEXT);
        INSERT OR REPLACE INTO holder VALUES (1, '${me}', '${holder}'); COMMIT; BEGIN IMMEDIATE`);
      if ((await lockRows('SELECT id FROM holder'))[0]?.id === me) return true;
      await execLock('ROLLBACK');
      return false;
    } catch (thrown) {
      // SQLite does not report which statement failed, so a transaction may be open.
      await execLock('ROLLBACK').catch(() => undefined);
      if (isBusy(thrown)) return false;
      throw migrationErrorOf(thrown, lockFile);
    }
  }

  /** Set before the first statement, so that two concurrent callers do not disturb each other's transaction. */
  async function takeAlone(): Promise<boolean> {
    isHeld = true;
    try {
      isHeld = await take();
    } catch (thrown) {
      isHeld = false;
      throw thrown;
    }
    return isHeld;
  }

  async function whoHolds(): Promise<string> {
    const rows = await connection()
      .lockRows('SELECT name FROM holder')
      .catch(() => []);
    return rows[0] ? String(rows[0].name) : 'another migrator';
  }

  async function waitForTurn(waitMs: number, signal: AbortSignal): Promise<void> {
    const until = clock.now() + waitMs;
    for (;;) {
      if (signal.aborted)
        throw new MigrationError('stopped', 'the migration was stopped while it waited for another one');
      if (!isHeld && (await takeAlone())) return;
      const left = until - clock.now();
      if (left <= 0)
        throw new MigrationError(
          'locked',
          `another migration of this database is running: ${await whoHolds()} holds ${lockFile}`,
          {
            hint: 'Wait for it to end, or end that process.',
          },
        );
      await pause(clock, Math.min(pollMs, left), signal);
    }
  }

  return {
    async locked(waitMs, signal, work) {
      await waitForTurn(waitMs, signal);
      try {
        return await work();
      } finally {
        isHeld = false;
        // Where the process is gone so is the lock.
        await connection()
          .execLock('ROLLBACK')
          .catch(() => undefined);
      }
    },
    async retake() {
      if (!isHeld) return;
      const { execLock, lockRows } = connection();
      const isStillMine = await execLock('BEGIN IMMEDIATE')
        .then(() => lockRows('SELECT id FROM holder'))
        .then(
          ([row]) => row?.id === me,
          () => false,
        );
      if (!isStillMine)
        throw new MigrationError('unreachable', 'the connection that held the migrators’ lock was lost');
    },
  };
}
