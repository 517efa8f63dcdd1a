// Reads the audit log by a cursor and lets somebody make messages of it. Nobody is waited for: what is put waits in the
// outbox.

import type { Engine } from '../../engine-api.ts';
import { type Clock, letOthersIn, pause } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { AuditRow } from '../../state/audit.ts';

export interface FollowParts {
  readonly engine: Pick<Engine, 'audit' | 'cursor' | 'moveCursor' | 'changed'>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Follower {
  /** Name of the cursor. */
  readonly consumer: string;
  /** Called again for the same row after a crash: what it puts must be the same then. */
  take(row: AuditRow): void;
}

const batch = 200;
const idleMs = 1_000;
const maxTries = 5;

/** Until `signal` aborts. */
export async function follow(parts: FollowParts, follower: Follower, signal: AbortSignal): Promise<void> {
  const { engine, clock, log } = parts;
  const { consumer } = follower;
  let failures = 0;
  while (!signal.aborted) {
    const rows = engine.audit.after(engine.cursor(consumer), batch);
    for (const row of rows) {
      const problem = problemWith(follower, row);
      failures = problem === undefined ? 0 : failures + 1;
      if (problem !== undefined) log.error({ consumer, seq: row.seq, err: problem }, 'a row could not be told');
      // One bad row must not silence all that follow.
      if (failures > 0 && failures < maxTries) break;
      failures = 0;
      engine.moveCursor(consumer, row.seq);
    }
    await letOthersIn();
    if (failures > 0) await pause(clock, idleMs, signal);
    else if (rows.length < batch) await engine.changed(idleMs, signal);
  }
}

function problemWith(follower: Follower, row: AuditRow): unknown {
  try {
    follower.take(row);
    return undefined;
  } catch (thrown) {
    return thrown ?? 'nothing was thrown';
  }
}
