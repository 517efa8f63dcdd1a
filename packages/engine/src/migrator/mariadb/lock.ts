// One migrator at a time: a named lock of the server, requested again and again and never waited for inside it.

import { createHash } from 'node:crypto';
import { type Clock, pause } from '../../lib/clock.ts';
import { MigrationError } from '../error.ts';
import type { Session } from './session.ts';

const pollMs = 250;

export interface LockRequest {
  /** Names are the whole server's. */
  readonly database: string;
  readonly table: string;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** @throws MigrationError `locked` with the holder, `stopped` */
export async function takeLock(session: Session, clock: Clock, desired: LockRequest): Promise<() => Promise<void>> {
  const name = lockName(desired);
  const end = clock.now() + desired.waitMs;
  for (;;) {
    if (desired.signal.aborted) throw new MigrationError('stopped', 'stopped while another migrator was waited for');
    const [row] = await session.ask('SELECT GET_LOCK(?, 0) AS got', [name]);
    if (Number(row?.got) === 1) break;
    const left = end - clock.now();
    if (left <= 0)
      throw new MigrationError(
        'locked',
        `another migrator is at work in this database: ${await holder(session, name)}`,
        {
          hint: 'Wait for it to end. Its lock ends with its connection.',
        },
      );
    await pause(clock, Math.min(pollMs, left), desired.signal);
  }
  return async () => {
    await session.ask('DO RELEASE_LOCK(?)', [name]);
  };
}

function lockName({ database, table }: LockRequest): string {
  return `bluegreen:${createHash('sha256').update(`${database}\0${table}`).digest('hex').slice(0, 40)}`;
}

async function holder({ ask }: Session, name: string): Promise<string> {
  const [used] = await ask('SELECT IS_USED_LOCK(?) AS id', [name]);
  if (used?.id === null || used?.id === undefined) return 'it has just ended';
  const [by] = await ask(
    'SELECT USER AS user, HOST AS host, TIME AS seconds FROM information_schema.PROCESSLIST WHERE ID = ?',
    [used.id],
  );
  return by ? `connection ${used.id} of ${by.user}@${by.host}` : `connection ${used.id}`;
}
