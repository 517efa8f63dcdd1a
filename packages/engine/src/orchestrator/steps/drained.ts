// A side is stopped or replaced only when its requests have ended or its drain limit has passed.

import type { SlotName } from '../../environment/environment.ts';
import { pause } from '../../lib/clock.ts';
import type { StepFrame } from '../step.ts';

const pollMs = 200;

/** Waits until nothing is open on the slot, at most the target's grace time. */
export async function drained(
  { core, target, signal }: Pick<StepFrame, 'core' | 'target' | 'signal'>,
  slot: SlotName,
): Promise<void> {
  const until = core.clock.now() + target.settings.graceMs;
  while (core.clock.now() < until && !signal.aborted) {
    const open = await target.balancer.traffic(core.clock.now()).then(
      (traffic) => traffic[slot].open,
      () => 0, // a balancer that does not answer holds no request of ours open
    );
    if (open === 0) return;
    await pause(core.clock, pollMs, signal);
  }
}
