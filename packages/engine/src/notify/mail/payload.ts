// What waits in the outbox for the mail server.

import type { Engine } from '../../api/engine.ts';
import type { Role } from '../../config/notify/settings.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Store } from '../../state/store.ts';
import type { Fact } from './facts.ts';
import type { Recipient } from './recipients.ts';

export const mailTransport = 'mail';

/** What waits in the outbox: facts, which are drawn when they are sent. */
export interface MailPayload {
  readonly to: Pick<Recipient, 'name' | 'address'>;
  readonly roles: readonly Role[];
  readonly facts: readonly Fact[];
  readonly more: number;
  /** When it was put (epoch ms). */
  readonly at: number;
  /** Of the audit row, so that no other state makes the same message again. */
  readonly hash: string;
}

export interface MailParts {
  readonly engine: Omit<Engine, 'notify'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}
