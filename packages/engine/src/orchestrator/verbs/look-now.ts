// For people who look while no process drives: the engine asks now, and does not show what the last driver saw.

import { liveLease } from '../../state/leases.ts';
import { nodesKey, putSnapshot } from '../../state/snapshots.ts';
import { lookAtSlot } from '../controller/slot-health.ts';
import { type Core, controllerLease, type Target } from '../core.ts';
import { observeOpen } from '../run/steps/drained.ts';

/** Does nothing where a controller checks anyway. What cannot be asked keeps the age of its last check. */
export async function lookNow(core: Core, signal: AbortSignal): Promise<void> {
  if (liveLease(core.store.db, controllerLease, core.clock)) return;
  await Promise.all(core.targets.map((target) => lookAt(core, target, signal)));
}

async function lookAt(core: Core, target: Target, signal: AbortSignal): Promise<void> {
  const looks = [
    ...(['blue', 'green'] as const).map((slot) => lookAtSlot({ core, target, slot, signal })),
    target.balancer
      .observe()
      .then((nodes) => core.store.note((db, now) => putSnapshot(db, nodesKey(target.key), nodes, now))),
    observeOpen(core, target),
  ];
  for (const end of await Promise.allSettled(looks))
    if (end.status === 'rejected' && !signal.aborted)
      core.log.warn({ target: target.name, err: end.reason }, 'a look failed; what is shown is older');
}
