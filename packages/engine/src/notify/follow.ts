// Follows the audit log by a cursor. What a row leads to and the step of the cursor are one transaction, so that a row
// is taken once, however often the process is killed.

import type { Engine } from '../engine-api.ts';
import { type Clock, letOthersIn, pause } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { AuditRow } from '../state/audit.ts';
import type { Store } from '../state/store.ts';

export interface FollowParts {
  readonly engine: Pick<Engine, 'audit' | 'cursor' | 'moveCursor' | 'changed'>;
  readonly store: Pick<Store, 'note'>;
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
/** Whoever begins to follow a log that is there already tells no history. */
const firstNewsMs = 10 * 60_000;
/** What lies longer than this is in the log; it is no news any more. */
const newsMs = 24 * 3_600_000;

/** Until `signal` aborts. */
export async function follow(parts: FollowParts, follower: Follower, signal: AbortSignal): Promise<void> {
  const { engine, clock, log } = parts;
  const { consumer } = follower;
  const since = engine.cursor(consumer) === 0 ? clock.now() - firstNewsMs : 0;
  let failures = 0;
  while (!signal.aborted) {
    const rows = engine.audit.after(engine.cursor(consumer), batch);
    for (const row of rows) {
      const problem = problemWith(parts, follower, row, since);
      failures = problem === undefined ? 0 : failures + 1;
      if (problem !== undefined) log.error({ consumer, seq: row.seq, err: problem }, 'a row could not be told');
      if (failures > 0 && failures < maxTries) break;
      // One bad row must not silence all that follow.
      if (failures > 0) engine.moveCursor(consumer, row.seq);
      failures = 0;
      await letOthersIn();
    }
    if (failures > 0) await pause(clock, idleMs, signal);
    else if (rows.length < batch) await engine.changed(idleMs, signal);
  }
}

function problemWith({ engine, store, clock }: FollowParts, follower: Follower, row: AuditRow, since: number): unknown {
  try {
    store.note(() => {
      if (row.at >= Math.max(since, clock.now() - newsMs)) follower.take(row);
      engine.moveCursor(follower.consumer, row.seq);
    });
    return undefined;
  } catch (thrown) {
    return thrown ?? 'nothing was thrown';
  }
}
