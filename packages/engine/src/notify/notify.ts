// Who is notified of what happened, in addition to the cards: each notifier follows the audit log by a separate cursor
// and sends by a separate transport. One process at a time does the work of a notifier; notifiers do not wait for each
// other.

import { type Clock, pause } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';

export interface Notifier {
  /** Also the name of its lease, so that one process notifies and not every process. */
  readonly name: string;
  /** Until `signal` aborts. What it throws is logged, and it is begun again. */
  work(signal: AbortSignal): Promise<void>;
}

export interface NotifyParts {
  /** Runs `work` while this process is the only one that does. */
  readonly withLease: (
    name: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A notifier that fails at once, and again, is no load on the others. */
const restMs = 5_000;

/** Until `signal` aborts. */
export async function notify(parts: NotifyParts, notifiers: readonly Notifier[], signal: AbortSignal): Promise<void> {
  const all = notifiers.map(({ name, work }) =>
    parts.withLease(name, signal, async (held) => {
      try {
        await work(held);
      } catch (thrown) {
        if (held.aborted) return;
        parts.log.error({ notifier: name, err: thrown }, 'a notifier failed and starts again');
        await pause(parts.clock, restMs, held);
      }
    }),
  );
  const ends = await Promise.allSettled(all);
  for (const end of ends) if (end.status === 'rejected' && !signal.aborted) throw end.reason;
}
