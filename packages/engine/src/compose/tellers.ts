// The last page of engine.ts: everybody who tells what happened, beside the cards in Slack.

import type { Engine } from '../api/engine.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { auditTellers } from '../notify/audit/teller.ts';
import { mailTellers } from '../notify/mail/teller.ts';
import { pageTellers } from '../notify/pages/teller.ts';
import { statusTellers } from '../notify/statuses/tellers.ts';
import type { Teller } from '../notify/tell.ts';
import type { Store } from '../state/store.ts';

/** What a teller works with: it reads the log and the views like any consumer, and writes what it gave up. */
export interface TellerParts {
  readonly engine: Omit<Engine, 'tell'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws BlueGreenError when the configuration of one of them does not hold what it needs */
export function createTellers(parts: TellerParts): readonly Teller[] {
  return [...mailTellers(parts), ...pageTellers(parts), ...statusTellers(parts), ...auditTellers(parts)];
}
