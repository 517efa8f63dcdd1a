// What waits in the outbox for a pager: the latest state of one trouble of one target.

import type { Engine } from '../../api/engine.ts';
import type { Trouble } from '../../domain/notices.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Store } from '../../state/store.ts';

export interface PageParts {
  readonly engine: Omit<Engine, 'notify'>;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export interface PagePayload {
  readonly action: 'trigger' | 'resolve';
  /** When it began or ended (epoch ms). */
  readonly at: number;
  readonly trouble: Trouble;
  readonly service: string;
  readonly target: string;
  readonly deploymentId: string | undefined;
  /** One line. */
  readonly summary: string;
  readonly details: Readonly<Record<string, string>>;
}

/** The same for a trouble of a target as long as it lasts, and when it comes again. */
export const dedupKey = ({ service, target, trouble }: PagePayload): string =>
  `bluegreen/${service}/${target}/${trouble}`;

export const pagerTransport = (pager: string): string => `page:${pager}`;
