// A second connection checks what the first one waits for, and stops it: the waiting one can do neither.

import { type Clock, pause } from '../../lib/clock.ts';
import { whoBlocks } from './holders.ts';
import type { Session } from './session.ts';

export interface Watch {
  readonly clock: Clock;
  readonly session: Session;
  readonly watcher: () => Promise<Session>;
  /** Stops the statement that is running. */
  readonly signal: AbortSignal;
}

/** The session that blocked the work at the last check. */
export type BlockedBy = () => string | undefined;

const soonMs = 50;
const laterMs = 1_000;
const soonFor = 40;

/** @param patienceMs stops the work when it was blocked for so long without a break */
export async function watched<T>(
  { clock, session, watcher, signal }: Watch,
  work: (blockedBy: BlockedBy) => Promise<T>,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  const ended = new AbortController();
  let blockedBy: string | undefined;
  let canceling: Promise<unknown> | undefined;
  const cancel = () => {
    canceling ??= watcher()
      .then((other) => other.ask('SELECT pg_cancel_backend($1)', [session.pid]))
      // A session that cannot be canceled is cut off: the server rolls everything back.
      .catch(() => session.destroy());
  };
  async function look(): Promise<void> {
    let waitsSince: number | undefined;
    for (let round = 0; await pause(clock, round < soonFor ? soonMs : laterMs, ended.signal); round += 1) {
      const now = await whoBlocks(await watcher(), session.pid);
      if (ended.signal.aborted) return;
      blockedBy = now ?? blockedBy;
      waitsSince = now === undefined ? undefined : (waitsSince ?? clock.now());
      if (waitsSince !== undefined && clock.now() - waitsSince > patienceMs) cancel();
    }
  }
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // Without the second connection the work continues unobserved; if the server is gone, the first one ends too.
  const looking = look().catch(() => undefined);
  try {
    return await work(() => blockedBy);
  } finally {
    ended.abort();
    signal.removeEventListener('abort', cancel);
    await looking;
    await canceling; // one that comes late would hit the next statement
  }
}
