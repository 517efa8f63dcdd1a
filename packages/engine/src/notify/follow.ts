// Follows the audit log by a cursor. What a row leads to and the step of the cursor are one transaction, so that a row
// is taken once, however often the process is killed.

import type { Engine } from '../api/engine.ts';
import type { AuditRow } from '../domain/audit-events.ts';
import { type Clock, pause, yieldToEventLoop } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { isStorageFault } from '../lib/storage-fault.ts';
import { patiently } from '../state/patience.ts';
import type { Store } from '../state/store.ts';

export interface FollowParts {
  readonly engine: Pick<Engine, 'audit' | 'cursor' | 'moveCursor' | 'changed'>;
  readonly store: Pick<Store, 'note' | 'whenWritable'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Follower {
  /** Name of the cursor. */
  readonly consumer: string;
  /** Writes to the outbox and to snapshots; what it wrote is undone, and it is called again, when it throws. */
  take(row: AuditRow): void;
}

const batch = 200;
const idleMs = 1_000;
const maxTries = 5;
/** A follower that starts on an existing log reports no history. */
const firstNewsMs = 10 * 60_000;
/** A row that is older than this is not reported any more; it is only in the log. */
const newsMs = 24 * 3_600_000;

/** Until `signal` aborts. */
export async function follow(parts: FollowParts, follower: Follower, signal: AbortSignal): Promise<void> {
  const { engine, clock } = parts;
  const { consumer } = follower;
  const since = engine.cursor(consumer) === 0 ? clock.now() - firstNewsMs : 0;
  await passOver(parts, consumer, Math.max(since, clock.now() - newsMs), signal);
  let failures = 0;
  while (!signal.aborted) {
    const rows = engine.audit.after(engine.cursor(consumer), batch);
    failures = await takeRows(parts, follower, rows, { since, signal, failures });
    if (failures > 0) await pause(clock, idleMs, signal);
    else if (rows.length < batch) await engine.changed(idleMs, signal);
  }
}

/** The rows from before `at`, at once: a log of years would take a commit for each. */
async function passOver(
  { engine, store }: FollowParts,
  consumer: string,
  at: number,
  signal: AbortSignal,
): Promise<void> {
  const last = engine.audit.lastBefore(at);
  if (engine.cursor(consumer) >= last) return;
  await patiently(store.whenWritable, () => engine.moveCursor(consumer, last), signal);
}

interface Taking extends Since {
  /** How often the first row has failed by now. */
  readonly failures: number;
}

/** @returns how often the row has failed at which it stopped; 0 when no row is left */
async function takeRows(
  parts: FollowParts,
  follower: Follower,
  rows: readonly AuditRow[],
  taking: Taking,
): Promise<number> {
  const { engine, log } = parts;
  const { consumer } = follower;
  let { failures } = taking;
  for (const row of rows) {
    const problem = await problemWith(parts, follower, row, taking);
    if (problem !== undefined) {
      failures += 1;
      log.error({ consumer, seq: row.seq, err: problem }, 'a row could not be reported');
      if (failures < maxTries) return failures;
      // One bad row must not stop the report of all that follow.
      engine.moveCursor(consumer, row.seq);
    }
    failures = 0;
    await yieldToEventLoop();
  }
  return 0;
}

interface Since {
  readonly since: number;
  readonly signal: AbortSignal;
}

/** A state that is locked, or whose disk fails, is no problem of the row, which is then not skipped. */
async function problemWith(
  { engine, store, clock }: FollowParts,
  follower: Follower,
  row: AuditRow,
  { since, signal }: Since,
): Promise<unknown> {
  const take = () =>
    store.note(() => {
      if (row.at >= Math.max(since, clock.now() - newsMs)) follower.take(row);
      engine.moveCursor(follower.consumer, row.seq);
    });
  try {
    await patiently(store.whenWritable, take, signal);
    return undefined;
  } catch (thrown) {
    if (isStorageFault(thrown)) throw thrown;
    return thrown ?? 'nothing was thrown';
  }
}
