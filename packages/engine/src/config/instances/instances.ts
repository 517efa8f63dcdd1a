// How many instances a slot has, the port of each, and how many must be healthy.

import { listOf, port, whole } from '../kit/values.ts';

/** In one slot, and of one process role. */
export const mostInstances = 64;

const count = () => whole({ min: 1, max: mostInstances, expected: `a number of instances from 1 to ${mostInstances}` });

/** Of a slot. */
export const slotInstances = {
  port: port()
    .describe(
      'Port that the service listens on in this slot; it gets it in APPLICATION_PORT. Further instances get the ports that follow.',
    )
    .optional(),
  instances: count().describe('How many instances run in this slot. Default: `instances` of the target.').optional(),
  maxInstances: count()
    .describe('How many `bg scale` may start in this slot. Default: `maxInstances` of the target.')
    .optional(),
  ports: listOf(port(), mostInstances)
    .min(1, { error: 'a list of at least one port' })
    .describe('In place of `port`: a port for each instance that there may be, where they do not follow one another.')
    .optional(),
};

/** Of a service or target. */
export const instanceOptions = {
  instances: count().describe('How many instances run in each slot. Default: 1.').optional(),
  maxInstances: count()
    .describe(
      'How many instances `bg scale` may start in a slot at most. Their ports are reserved, and the load balancer knows them from the start. Default: `instances`.',
    )
    .optional(),
  minHealthy: count()
    .describe(
      'With so many healthy instances a side that serves users is healthy. A new side is checked with all of them. Default: one less than there are, and at least 1.',
    )
    .optional(),
};

interface SlotFile {
  readonly port?: number | undefined;
  readonly instances?: number | undefined;
  readonly maxInstances?: number | undefined;
  readonly ports?: readonly number[] | undefined;
}

/** What a slot does not say itself. */
export type SharedCounts = Pick<SlotFile, 'instances' | 'maxInstances'>;

/** Of a slot that does not list its ports. `most` is never less than `wanted`. */
export function countsOf(
  { instances, maxInstances }: SharedCounts,
  shared: SharedCounts,
): { readonly wanted: number; readonly most: number } {
  const wanted = instances ?? shared.instances ?? 1;
  return { wanted, most: Math.max(wanted, maxInstances ?? shared.maxInstances ?? wanted) };
}

/** In order, those that are only reserved among them; none for a slot that names no port. */
export function portsOfSlot(slot: SlotFile, shared: SharedCounts): readonly number[] {
  const { port: first, ports } = slot;
  if (ports) return ports;
  if (first === undefined) return [];
  return Array.from({ length: countsOf(slot, shared).most }, (_, index) => first + index);
}

/** A slot with one instance has no list, as in earlier versions: so its digest is the same. */
export function resolvePorts(
  slot: SlotFile,
  shared: SharedCounts,
): { readonly port: number; readonly ports?: readonly number[]; readonly reserved?: readonly number[] } {
  const all = portsOfSlot(slot, shared);
  const [first] = all;
  if (first === undefined) throw new TypeError('a slot was not checked before it was resolved');
  const ports = all.slice(0, wantedOf(slot, shared, all.length));
  return {
    port: first,
    ...(ports.length > 1 ? { ports } : {}),
    ...(all.length > ports.length ? { reserved: all } : {}),
  };
}

/** A list of ports without any number has an instance on each. */
function wantedOf(slot: SlotFile, shared: SharedCounts, listed: number): number {
  const isCounted = slot.instances !== undefined || shared.instances !== undefined;
  const isBounded = slot.maxInstances !== undefined || shared.maxInstances !== undefined;
  return slot.ports && !isCounted && !isBounded ? listed : countsOf(slot, shared).wanted;
}

export const resolveMinHealthy = ({ minHealthy }: { readonly minHealthy?: number | undefined }) =>
  minHealthy === undefined ? {} : { minHealthy };
