// How long a write waits while another process writes. SQLite waits synchronously, and a process that serves requests and
// renews leases must not stop for seconds: it waits shortly, fails with `state-locked`, and tries again asynchronously.

import type { Clock } from '../lib/clock.ts';
import { hasCode } from '../lib/errors.ts';
import { poll } from '../lib/poll.ts';
import { commandWaitMs, type Db } from './database.ts';

/** Longer than the writes of other processes take; the event loop waits no longer for several writes in a row. */
const briefWaitMs = 150;
const restMs = 1_000;
const retryMs = 50;
/** Of one attempt to get through; a caller that has more time asks again. */
export const lockedLimitMs = 60_000;

interface Waiting {
  /** How many tasks of this process need the event loop. */
  needs: number;
  /** `performance.now()` until which a write does not wait at all, since one has just waited in vain. */
  restUntil: number;
  setMs: number;
}

const waitings = new WeakMap<object, Waiting>();

function waitingOf({ $client }: Db): Waiting {
  const known = waitings.get($client);
  if (known) return known;
  const fresh = { needs: 0, restUntil: 0, setMs: commandWaitMs };
  waitings.set($client, fresh);
  return fresh;
}

/** From now on writes wait briefly; returns what ends it. */
export function keepLoopFree(db: Db): () => void {
  const waiting = waitingOf(db);
  waiting.needs += 1;
  return () => {
    waiting.needs -= 1;
  };
}

/** @throws what `work` throws; SQLITE_BUSY when the time of this process is over */
export function withinPatience<T>(db: Db, work: () => T): T {
  const waiting = waitingOf(db);
  setWait(db, waitMsOf(waiting));
  try {
    const result = work();
    waiting.restUntil = 0;
    return result;
  } catch (thrown) {
    if (isBusy(thrown)) waiting.restUntil = performance.now() + restMs;
    throw thrown;
  }
}

function waitMsOf({ needs, restUntil }: Waiting): number {
  if (needs === 0) return commandWaitMs;
  return performance.now() < restUntil ? 0 : briefWaitMs;
}

function setWait(db: Db, ms: number): void {
  const waiting = waitingOf(db);
  if (waiting.setMs === ms) return;
  db.$client.pragma(`busy_timeout = ${ms}`);
  waiting.setMs = ms;
}

const isBusy = (thrown: unknown): boolean =>
  String((thrown as { code?: unknown } | null)?.code).startsWith('SQLITE_BUSY');

const unwritten = ['fenced-out', 'state-locked', 'state-replaced'] as const;

/** The lease was lost, or the state takes no write: that says nothing about the work whose result was to be written. */
export const isUnwritten = (thrown: unknown): boolean => unwritten.some((code) => hasCode(thrown, code));

/** True as soon as a write would not wait for another process; false when it still would after `limitMs`. */
type UntilWritable = (limitMs: number, signal?: AbortSignal) => Promise<boolean>;

export interface Writable {
  /** Asked before a verb where a person waits for an answer: in a process that serves others a verb waits only briefly. */
  readonly whenWritable: UntilWritable;
}

export async function untilWritable(db: Db, clock: Clock, limitMs: number, signal?: AbortSignal): Promise<boolean> {
  return (await poll(() => isWritable(db), { clock, everyMs: retryMs, limitMs, signal })) !== undefined;
}

/** Takes the lock of a writer and gives it back, which writes nothing. */
function isWritable(db: Db): boolean {
  const { $client: client } = db;
  if (client.inTransaction) return true;
  setWait(db, 0);
  try {
    client.exec('BEGIN IMMEDIATE');
    client.exec('COMMIT');
    return true;
  } catch (thrown) {
    // Another fault is for the write itself to report.
    return !isBusy(thrown);
  }
}

/**
 * Runs `work` again for as long as another process holds the state. A write that failed has changed nothing, so `work` is one
 * write, or may be repeated as a whole.
 * @throws what `work` throws; `state-locked` when the lock outlasts a minute, or `signal` aborts
 */
export async function patiently<T>(
  whenWritable: UntilWritable,
  work: () => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (!hasCode(thrown, 'state-locked') || !(await whenWritable(lockedLimitMs, signal))) throw thrown;
    }
  }
}
