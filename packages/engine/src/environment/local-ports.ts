// Slots that are reached on ports of this machine: what an environment says about their addresses.

import type { SlotKey } from '../domain/target.ts';
import {
  type Addresses,
  describePlace,
  type RunningInstance,
  type SlotPlace,
  type StartedInstance,
} from './environment.ts';

const host = '127.0.0.1';

/** An instance stays on the port of its start until its next start, even if the configuration changes. */
export function localPorts(startedAs: (slot: SlotKey) => StartedInstance | undefined): Addresses {
  const holderOf = ({ port, ...slot }: SlotPlace, others: readonly SlotKey[]) =>
    others.filter((each) => describePlace(each) !== describePlace(slot)).find((each) => startedAs(each)?.port === port);
  return {
    configured: ({ service, target, slot }, { port }) => ({ service, target, slot, port }),
    endpoints: ({ port }) => [{ host, port }],
    asStarted: (place) => ({ ...place, port: startedAs(place)?.port ?? place.port }),
    nameOf: ({ port }) => `port ${port}`,
    markOf: ({ port }) => port,
    hintWhenTaken:
      'Give the slot a free port, or put the old one back. `bg config check` shows what runs on which port.',
    holderOf,
    placeToStart: (place, sibling) => {
      if (!holderOf(place, [sibling])) return place;
      const port = startedAs(place)?.port;
      return port === undefined || port === place.port ? undefined : { ...place, port };
    },
  };
}

/** Of instances whose records were read already. */
export const localPortsOf = (running: readonly RunningInstance[]): Addresses =>
  localPorts((slot) => running.find((each) => describePlace(each) === describePlace(slot)));
