// A delivery that came long ago and is sent again by a person who has seen it. While the inbox remembers the first, its
// signed content identifies the second; later the host's own words decide: a run that is known is no news, and one that
// ended before the time which the inbox remembers is not trusted to be new.

import { forgottenUntil } from '../state/inbox-tidy.ts';
import type { Tx } from '../state/store.ts';
import type { HostEvent } from './host-event.ts';
import { parseTime } from './make.ts';

/** When it was sent at the latest. Undefined where the host does not say, and for the generic hook, whose signatures have a time. */
export function sentAt(event: HostEvent | undefined): number | undefined {
  const given = event?.sentAt ?? event?.endedAt;
  return given === undefined || event?.host === 'generic' ? undefined : parseTime(given);
}

/** Why it is not accepted as new; undefined when it may be. */
export function notNew(tx: Tx, at: number | undefined): string | undefined {
  const forgotten = at === undefined ? undefined : forgottenUntil(tx.db, tx.now);
  if (at === undefined || forgotten === undefined || at >= forgotten) return undefined;
  const [day, since] = [at, forgotten].map((time) => new Date(time).toISOString().slice(0, 10));
  return `it is of ${day}, and deliveries of before ${since} are forgotten: it may have come then; deploy its version by hand if it is wanted`;
}
