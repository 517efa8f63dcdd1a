import { liveLease } from '../../state/leases.ts';
import { type Core, controllerLease } from '../core.ts';

/** The process that is the controller, while its lease is alive. */
export function liveController({ store, clock }: Core): string | undefined {
  return liveLease(store.db, controllerLease, clock)?.holder;
}
