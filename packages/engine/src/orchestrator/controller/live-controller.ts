import { liveLease } from '../../state/leases.ts';
import { type Core, driverLease } from '../core.ts';

/** The process that drives, while its lease is alive. */
export function liveDriver({ store, clock }: Core): string | undefined {
  return liveLease(store.db, driverLease, clock)?.holder;
}
