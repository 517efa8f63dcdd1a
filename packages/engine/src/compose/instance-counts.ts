// How many instances the slots of a target have now, and how many of them its load balancer may send users to.

import type { TargetSettings } from '../config/settings.ts';
import type { SlotName } from '../domain/target.ts';
import type { Environment } from '../environment/environment.ts';
import { portsOf } from '../environment/instances.ts';
import type { BalancerSpec } from '../load-balancer/load-balancer.ts';
import { countedSlot, type InstanceCounts } from '../orchestrator/core.ts';
import { readCount } from '../state/counts.ts';
import type { Db } from '../state/database.ts';

/** Undefined: the number of both slots is that of the configuration. Read from the state at each question. */
export function instanceCounts(db: Db, { service, target, slots }: TargetSettings): InstanceCounts | undefined {
  if (!slots.blue.reserved && !slots.green.reserved) return undefined;
  const stored = (slot: SlotName) => readCount(db, { service, target, slot });
  return {
    most: (slot) => slots[slot].reserved?.length ?? portsOf(slots[slot]).length,
    wanted: (slot) => {
      const { reserved, ports = [slots[slot].port] } = slots[slot];
      return reserved ? Math.min(stored(slot).instances ?? ports.length, reserved.length) : ports.length;
    },
    scaling: (slot) => (slots[slot].reserved ? stored(slot).scaling : undefined),
  };
}

interface Balanced {
  readonly environment: Environment;
  readonly settings: TargetSettings;
  readonly counts?: InstanceCounts | undefined;
}

/**
 * The addresses that the load balancer is to know: those that are reserved too, unless the side was started at others, which
 * it keeps until its next start. What it may send users to is what was started.
 */
export function balancedInstances(of: Balanced): Pick<BalancerSpec, 'upstreams' | 'admitted'> {
  const { settings, counts } = of;
  const { addresses, startedAs } = of.environment;
  const { service, target, slots } = settings;
  const side = (slot: SlotName) => {
    const key = { service, target, slot };
    const started = startedAs(key);
    const place = addresses.configured(key, countedSlot(of, slot));
    const present = portsOf(started ?? place);
    const { reserved } = slots[slot];
    const isReserved = reserved !== undefined && present.every((port, at) => reserved[at] === port);
    const known = isReserved
      ? addresses.configured(key, { port: place.port, ports: reserved })
      : addresses.asStarted(place);
    const admitted = counts?.scaling(slot)?.admitted ?? present.length;
    return { endpoints: addresses.endpoints(known), admitted: Math.min(admitted, present.length) };
  };
  const [blue, green] = [side('blue'), side('green')];
  const upstreams = { blue: blue.endpoints, green: green.endpoints };
  return counts ? { upstreams, admitted: { blue: blue.admitted, green: green.admitted } } : { upstreams };
}
