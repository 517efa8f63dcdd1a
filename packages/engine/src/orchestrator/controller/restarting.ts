// What a restart by the supervisor asks first, and how long it waits after the one before.

import type { SlotName } from '../../domain/target.ts';
import { backoffMs } from '../../lib/backoff.ts';
import type { Target, TargetContext } from '../core.ts';
import { mayRestart, standingOf } from '../routing/standing.ts';

export interface Look extends TargetContext {
  readonly slot: SlotName;
  readonly signal: AbortSignal;
}

/** A state that does not know what users get may name another release than the one that ended here. */
export async function isKnownHere({ core, target, lease, slot }: Look): Promise<boolean> {
  return mayRestart(await standingOf({ core, target, token: lease.token }), { core, target }, slot);
}

export function backoff({ settings }: Target, restarts: number): number {
  const { firstRestartMs, maxRestartMs } = settings.crash;
  return backoffMs({ firstMs: firstRestartMs, maxMs: maxRestartMs }, restarts);
}
