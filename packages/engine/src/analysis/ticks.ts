// From counts that add up to counts of one tick.

import type { SideCounts, Times } from '../domain/routing.ts';
import type { CanaryTick, SideTick } from './canary-evidence.ts';

export interface Totals {
  readonly stable: SideTick;
  readonly canary: SideTick;
}

const nothing: SideTick = { requests: 0, errors: 0, times: [] };
export const noTotals: Totals = { stable: nothing, canary: nothing };

export const totalsOf = ({ stable, canary }: { readonly stable: SideCounts; readonly canary: SideCounts }): Totals => ({
  stable: { requests: stable.requests, errors: stable.errors, times: stable.times },
  canary: { requests: canary.requests, errors: canary.errors, times: canary.times },
});

/** Undefined when the count fell: the counting process was restarted, and nothing is known of this tick. */
export function tickBetween(before: Totals, now: Totals, ms: number): CanaryTick | undefined {
  const stable = between(before.stable, now.stable);
  const canary = between(before.canary, now.canary);
  return stable && canary && { ms, stable, canary };
}

function between(before: SideTick, now: SideTick): SideTick | undefined {
  const requests = now.requests - before.requests;
  const errors = now.errors - before.errors;
  if (requests < 0 || errors < 0 || errors > requests) return undefined;
  return { requests, errors, times: timesBetween(before.times, now.times) };
}

function timesBetween(before: Times | undefined, now: Times | undefined): Times | undefined {
  if (before === undefined || now === undefined) return undefined;
  const known = new Map(before);
  return now.map(([ms, count]) => [ms, count - (known.get(ms) ?? 0)] as const).filter(([, count]) => count > 0);
}

/** Fewer requests say nothing of a share. Users differ in how much they ask, so only a factor of two is a finding. */
const leastRequests = 500;

/** A sentence when the requests are not shared by the weight: then the balancer does not do what was set. */
export function shareProblem({ stable, canary }: Totals, percent: number): string | undefined {
  const requests = stable.requests + canary.requests;
  if (requests < leastRequests || percent <= 0 || percent >= 100) return undefined;
  const seen = (100 * canary.requests) / requests;
  if (seen >= percent / 2 && 100 - seen >= (100 - percent) / 2 && seen <= percent * 2) return undefined;
  return `${seen.toFixed(seen < 10 ? 1 : 0)} % of the requests reach the new side, though its weight is ${percent} %`;
}
