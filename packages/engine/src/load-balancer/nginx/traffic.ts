// What users got, for the judge: counts from nginx's log, and what is in flight on each side.

import type { Clock } from '../../lib/clock.ts';
import type { Traffic } from '../load-balancer.ts';
import { readPresent } from './generations.ts';
import { connectionsTo, splitInFlight } from './in-flight.ts';
import type { NginxParts } from './parts.ts';
import type { NginxPlaces } from './places.ts';
import { tablesOf } from './routing-table.ts';

/** An idle connection to a side is kept for one second. */
const drainedOfIdleMs = 1_500;

/** @throws `balancer-unreachable` */
export async function traffic(
  { accessLog, asker, places, spec, clock, node }: NginxParts,
  sinceMs: number,
): Promise<Traffic> {
  await accessLog.catchUp();
  await accessLog.rotate(node.reopenLog);
  const [{ requests }, connections] = await Promise.all([asker.connections(), connectionsTo(spec.upstreams)]);
  const open = splitInFlight({ requests, connections, draining: drainingSide(places, clock) });
  const counted = accessLog.traffic(sinceMs);
  return {
    ...counted,
    blue: { ...counted.blue, open: open.blue },
    green: { ...counted.green, open: open.green },
  };
}

function drainingSide(places: NginxPlaces, clock: Clock): 'blue' | 'green' | undefined {
  const present = readPresent(places.routing);
  if (present.kind !== 'routing' || clock.now() - present.sinceMs < drainedOfIdleMs) return undefined;
  const used = new Set(Object.values(tablesOf(present.routing)).flatMap(({ files }) => sidesOf(files)));
  return (['blue', 'green'] as const).find((slot) => !used.has(slot));
}

function sidesOf(files: readonly string[]): readonly ('blue' | 'green')[] {
  const shares = files.filter((file) => /^\d\d$/.test(file)).length;
  return [
    ...(shares > 0 ? (['green'] as const) : []),
    ...(files.includes('live') && shares < 100 ? (['blue'] as const) : []),
  ];
}
