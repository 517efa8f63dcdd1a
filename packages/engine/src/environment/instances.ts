// Slots with several instances, for every driver: a place for each, and one observation of all of them.

import type { InstanceObservation, InstancePlace, SlotObservation, SlotPlace } from './environment.ts';
import type { Unknown } from './unknown.ts';

/** In one slot. */
export const mostInstances = 64;

/** So many instances of one slot are started at the same time. */
export const startsAtOnce = 4;

/** One for each port, in order. That of the only instance of a slot has no number. */
export function instancePlaces(place: SlotPlace): readonly InstancePlace[] {
  const { service, target, slot, port, role } = place;
  const key = { service, target, slot, ...(role === undefined ? {} : { role }) };
  const ports = portsOf(place);
  if (ports.length === 1) return [{ ...key, port }];
  return ports.map((each, index) => ({ ...key, port: each, instance: index + 1 }));
}

export const portsOf = ({ port, ports }: Pick<SlotPlace, 'port' | 'ports'>): readonly number[] => ports ?? [port];

/** The same slot on these ports, of which there is at least one. */
export function placeOn<Place extends SlotPlace>(place: Place, ports: readonly number[]): Place {
  const { ports: _, ...rest } = place;
  const [port = place.port] = ports;
  return { ...rest, port, ...(ports.length > 1 ? { ports } : {}) } as Place;
}

/** Every instance of an observation, also of a slot that has one. */
export function instancesOf(seen: SlotObservation): readonly InstanceObservation[] {
  const { instances, ...only } = seen;
  return instances ?? [{ ...only, instance: 1 }];
}

/** @param states at least one that is known, in the order of the instances */
export function sumInstances(states: readonly (SlotObservation | Unknown)[]): SlotObservation {
  const [only] = states;
  if (only && only.kind !== 'unknown' && states.length === 1) return only;
  const instances = states.map((state, index): InstanceObservation => ({ ...state, instance: index + 1 }));
  const running = states.filter((state) => state.kind === 'running');
  const [first] = running;
  if (!first) return { ...endOf(states), instances };
  return {
    ...first,
    startedAt: Math.max(...running.map(({ startedAt }) => startedAt)),
    adopted: running.some(({ adopted }) => adopted),
    cpuPercent: running.reduce((sum, { cpuPercent }) => sum + cpuPercent, 0),
    memoryBytes: running.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    instances,
  };
}

/** Of several that have ended, the one that ended by itself says why. */
function endOf(states: readonly (SlotObservation | Unknown)[]): SlotObservation & { readonly kind: 'stopped' } {
  const stopped = states.filter((state) => state.kind === 'stopped');
  return (
    stopped.find(({ lastExit, endedBy }) => lastExit !== undefined && endedBy === undefined) ??
    stopped[0] ?? { kind: 'stopped', lastLog: [] }
  );
}
