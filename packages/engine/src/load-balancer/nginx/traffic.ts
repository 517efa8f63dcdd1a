// The answers that users got, for the judge: counts from nginx's log, and the requests in flight on each side.

import type { Traffic } from '../../domain/routing.ts';
import { readPresent } from './generations.ts';
import { connectionsTo, splitInFlight } from './in-flight.ts';
import { drainedOfIdleMs } from './in-force.ts';
import type { NginxParts } from './parts.ts';
import { tablesOf } from './routing-table.ts';

/** @throws `balancer-unreachable` */
export async function traffic(parts: NginxParts, sinceMs: number): Promise<Traffic> {
  const { accessLog, asker, spec, node } = parts;
  await accessLog.catchUp();
  await accessLog.rotate(node.reopenLog);
  const [{ requests }, connections] = await Promise.all([asker.connections(), connectionsTo(spec.upstreams)]);
  const open = splitInFlight({ requests, connections, draining: drainingSide(parts) });
  const counted = accessLog.traffic(sinceMs);
  return {
    ...counted,
    blue: { ...counted.blue, open: open.blue },
    green: { ...counted.green, open: open.green },
  };
}

function drainingSide({ places, inForceMs }: NginxParts): 'blue' | 'green' | undefined {
  const present = readPresent(places.routing);
  if (present.kind !== 'routing' || inForceMs(present) < drainedOfIdleMs) return undefined;
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
