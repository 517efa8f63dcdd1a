// How many instances a slot has, the port of each, and how many must be healthy.

import { listOf, port, whole } from '../kit/values.ts';

const mostInstances = 64;

const count = () => whole({ min: 1, max: mostInstances, expected: `a number of instances from 1 to ${mostInstances}` });

/** Of a slot. */
export const slotInstances = {
  port: port()
    .describe(
      'Port that the service listens on in this slot; it gets it in APPLICATION_PORT. Further instances get the ports that follow.',
    )
    .optional(),
  instances: count().describe('How many instances run in this slot. Default: `instances` of the target.').optional(),
  ports: listOf(port(), mostInstances)
    .min(1, { error: 'a list of at least one port' })
    .describe('In place of `port`: a port for each instance, where they do not follow one another.')
    .optional(),
};

/** Of a service or target. */
export const instanceOptions = {
  instances: count().describe('How many instances run in each slot. Default: 1.').optional(),
  minHealthy: count()
    .describe(
      'With so many healthy instances a side that serves users is healthy. A new side is checked with all of them. Default: one less than there are, and at least 1.',
    )
    .optional(),
};

interface SlotFile {
  readonly port?: number | undefined;
  readonly instances?: number | undefined;
  readonly ports?: readonly number[] | undefined;
}

/** In order; none for a slot that names no port. */
export function portsOfSlot(
  { port: first, instances, ports }: SlotFile,
  shared: { readonly instances?: number | undefined },
): readonly number[] {
  if (ports) return ports;
  if (first === undefined) return [];
  return Array.from({ length: instances ?? shared.instances ?? 1 }, (_, index) => first + index);
}

/** A slot with one instance has no list, as in earlier versions: so its digest is the same. */
export function resolvePorts(
  slot: SlotFile,
  shared: { readonly instances?: number | undefined },
): { readonly port: number; readonly ports?: readonly number[] } {
  const ports = portsOfSlot(slot, shared);
  const [first] = ports;
  if (first === undefined) throw new TypeError('a slot was not checked before it was resolved');
  return ports.length === 1 ? { port: first } : { port: first, ports };
}

export const resolveMinHealthy = ({ minHealthy }: { readonly minHealthy?: number | undefined }) =>
  minHealthy === undefined ? {} : { minHealthy };
