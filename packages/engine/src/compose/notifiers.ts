// The last part of engine.ts: all notifiers, in addition to the cards in Slack.

import type { Engine } from '../api/engine.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { auditNotifiers } from '../notify/audit/notifier.ts';
import { mailNotifiers } from '../notify/mail/notifier.ts';
import type { Notifier } from '../notify/notify.ts';
import { pageNotifiers } from '../notify/pages/notifier.ts';
import { statusNotifiers } from '../notify/statuses/notifiers.ts';
import type { Store } from '../state/store.ts';

/** What a notifier works with: it reads the log and the views like any consumer, and writes what it gave up. */
export interface NotifierParts {
  readonly engine: Omit<Engine, 'notify'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

/** @throws BlueGreenError when the configuration of one of them does not hold what it needs */
export function createNotifiers(parts: NotifierParts): readonly Notifier[] {
  return [...mailNotifiers(parts), ...pageNotifiers(parts), ...statusNotifiers(parts), ...auditNotifiers(parts)];
}
