// Slots that are reached on ports of this machine: what an environment says about their addresses.

import type { Endpoint, SlotKey } from '../domain/target.ts';
import {
  type Addresses,
  describePlace,
  type RunningInstance,
  type SlotPlace,
  type StartedInstance,
} from './environment.ts';
import { placeOn, portsOf } from './instances.ts';

const host = '127.0.0.1';

/** Instances stay on the ports of their start until their next start, even if the configuration changes. */
export function localPorts(startedAs: (slot: SlotKey) => StartedInstance | undefined): Addresses {
  const portsOfStart = (slot: SlotKey): readonly number[] => {
    const started = startedAs(slot);
    return started ? portsOf(started) : [];
  };
  const holderOf = (place: SlotPlace, others: readonly SlotKey[]) =>
    others
      .filter((each) => nameOfSlot(each) !== nameOfSlot(place))
      .find((each) => portsOfStart(each).some((port) => portsOf(place).includes(port)));
  return {
    configured: ({ service, target, slot }, { port, ports }) =>
      placeOn({ service, target, slot, port }, ports ?? [port]),
    endpoints: (place) => portsOf(place).map((port) => ({ host, port })) as [Endpoint, ...Endpoint[]],
    asStarted: (place) => {
      const ports = portsOfStart(place);
      return ports.length === 0 ? place : placeOn(place, ports);
    },
    nameOf: (place) => nameOfPorts(portsOf(place)),
    markOf: (place) => (portsOf(place).length === 1 ? place.port : portsOf(place).join(' ')),
    hintWhenTaken:
      'Give the slot a free port, or put the old one back. `bg config check` shows what runs on which port.',
    holderOf,
    placeToStart: (place, sibling) => {
      if (!holderOf(place, [sibling])) return place;
      const ports = portsOfStart(place);
      return ports.length === 0 || ports.join() === portsOf(place).join() ? undefined : placeOn(place, ports);
    },
  };
}

const nameOfSlot = ({ service, target, slot }: SlotKey): string => describePlace({ service, target, slot });

function nameOfPorts(ports: readonly number[]): string {
  return ports.length === 1 ? `port ${ports[0]}` : `ports ${ports.slice(0, -1).join(', ')} and ${ports.at(-1)}`;
}

/** Of instances whose records were read already. */
export const localPortsOf = (running: readonly RunningInstance[]): Addresses =>
  localPorts((slot) => running.find((each) => nameOfSlot(each) === nameOfSlot(slot)));
