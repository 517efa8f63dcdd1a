// What each client may contribute to a verdict, so that no single one can condemn a release, nor clear it alone.
//
// `once`: of a client's errors in a minute only the first counts; the others are left out, of the requests too. Clients
// who ask often then hide how often they fail, so `spread` leaves out only those of the one client with most errors in
// its minute: what remains, no single client can have made.

import type { ClientCounts, SideCounts } from '../domain/routing.ts';

/** Requests of some clients of one side. */
export interface Group {
  readonly requests: number;
  readonly errors: number;
  readonly clients: ClientCounts;
}

export interface Part {
  readonly requests: number;
  readonly errors: number;
}

export interface Sides {
  readonly stable: SideCounts;
  readonly canary: SideCounts;
}

const noClients: ClientCounts = { minutes: 0, errors: 0, worstRepeats: 0, seen: 0, failing: 0, busiest: 0 };

/** Requests that came without a bucket. */
export function drawnOf({ drawn, clients }: SideCounts): Group {
  return { requests: drawn?.requests ?? 0, errors: drawn?.errors ?? 0, clients: clients?.drawn ?? noClients };
}

/** Requests that came with one. */
export function knownOf(side: SideCounts): Group {
  const drawn = drawnOf(side);
  return {
    requests: side.requests - drawn.requests,
    errors: side.errors - drawn.errors,
    clients: side.clients?.known ?? noClients,
  };
}

export function allOf(side: SideCounts): Group {
  const [known, drawn] = [knownOf(side).clients, drawnOf(side).clients];
  const sum = (name: keyof ClientCounts) => known[name] + drawn[name];
  return {
    requests: side.requests,
    errors: side.errors,
    clients: {
      minutes: sum('minutes'),
      errors: sum('errors'),
      worstRepeats: sum('worstRepeats'),
      seen: sum('seen'),
      failing: sum('failing'),
      busiest: Math.max(known.busiest, drawn.busiest),
    },
  };
}

/**
 * False where clients say nothing: where each side has one at most, as behind a proxy that is not trusted or where
 * only a monitor asks, or where an older balancer does not name them. Then all requests count alike. A new user's first
 * request comes without a bucket, so that one user may be seen in both groups.
 */
export const areToldApart = ({ stable, canary }: Sides): boolean =>
  [stable, canary].some((side) => knownOf(side).clients.seen > 1 || drawnOf(side).clients.seen > 1);

export function once({ requests, errors, clients }: Group): Part {
  const repeats = errors - clients.errors;
  return { requests: requests - repeats, errors: clients.errors };
}

export function spread({ requests, errors, clients }: Group): Part {
  return { requests: requests - clients.worstRepeats, errors: errors - clients.worstRepeats };
}

/** Of all clients of a minute, so many met an error. */
export const failingShare = ({ clients: { minutes, errors } }: Group): number => (minutes === 0 ? 0 : errors / minutes);

/** As soon as a second client is seen, this share of the least number of requests comes from others than the busiest. */
const leastOfOthers = 0.1;

/** How many of its requests count towards the least number. */
export function towards({ requests, clients: { seen, busiest } }: Group): number {
  if (seen < 2) return requests;
  return Math.min(requests, Math.floor(Math.max(0, requests - busiest) / leastOfOthers));
}
