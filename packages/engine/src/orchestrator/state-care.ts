// In parallel with the deployments: the state is written back regularly, and the reserve for a full disk is completed.

import { pause } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { Lease } from '../state/leases.ts';
import { settleState } from '../state/rest.ts';
import type { Core } from './core.ts';

const settleEveryMs = 30_000;

export async function tendState({ clock, store, log }: Core, _lease: Lease, signal: AbortSignal): Promise<void> {
  do {
    try {
      settleState(store.db);
    } catch (thrown) {
      log.error({ problem: messageOf(thrown) }, 'the state could not be written back; the driver tries again');
    }
  } while (await pause(clock, settleEveryMs, signal));
}
