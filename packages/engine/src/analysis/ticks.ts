// From counts that add up to counts of one tick.

import type { SideCounts, Times } from '../domain/routing.ts';
import type { CanaryTick, SideTick } from './canary-evidence.ts';
import { allOf, areToldApart, once, type Part, type Sides, spread } from './clients.ts';

export interface Totals {
  readonly stable: SideTick;
  readonly canary: SideTick;
}

const nothing: SideTick = { requests: 0, errors: 0, times: [] };
export const noTotals: Totals = { stable: nothing, canary: nothing };

/** As the judge weighs them, so that no client counts as more than one. */
export function totalsOf(sides: Sides): Totals {
  const isApart = areToldApart(sides);
  const of = (side: SideCounts): SideTick => {
    const { requests, errors, times } = side;
    if (!isApart) return { requests, errors, times };
    return { ...once(allOf(side)), wide: spread(allOf(side)), failing: allOf(side).clients.failing, times };
  };
  return { stable: of(sides.stable), canary: of(sides.canary) };
}

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
  const wide = now.wide && partBetween(before.wide ?? before, now.wide);
  const clients = now.failing === undefined ? {} : { wide, failing: now.failing };
  return { requests, errors, ...clients, times: timesBetween(before.times, now.times) };
}

/** Undefined where it cannot be: then only `requests` and `errors` speak. */
function partBetween(before: Part, now: Part): Part | undefined {
  const [requests, errors] = [now.requests - before.requests, now.errors - before.errors];
  return requests < 0 || errors < 0 || errors > requests ? undefined : { requests, errors };
}

export function timesBetween(before: Times | undefined, now: Times | undefined): Times | undefined {
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
