// Compares the files that the engine has generated for a balancer with what they should be, for as long as this process
// is the controller. A file that was edited by hand affects no user before the balancer's next start, and then all
// users.

import { pause } from '../../lib/clock.ts';
import type { Lease } from '../../state/leases.ts';
import { type Core, ensureUp } from '../core.ts';

const lookEveryMs = 30_000;

export async function watchBalancerFiles(core: Core, _lease: Lease, signal: AbortSignal): Promise<void> {
  while (await pause(core.clock, lookEveryMs, signal)) {
    for (const target of core.targets) {
      if (signal.aborted) return;
      // One that does not answer is the supervisor's, which records that it was gone.
      const nodes = await target.balancer.observe();
      if (nodes.every(({ reachable }) => reachable)) await ensureUp(core, target);
    }
  }
}
