// Slots whose number of instances and ports do not fit together.

import type { Path } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';
import { portsOfSlot, resolvePorts, type SharedCounts } from './instances.ts';

export function checkInstances({ own, path, options, saidAt }: TargetDraft): readonly Finding[] {
  const { instances, maxInstances, minHealthy } = options;
  const shared = { instances, maxInstances };
  const slots = (['blue', 'green'] as const).flatMap((name) => {
    const slot = own.slots?.[name];
    return slot ? [{ slot, at: [...path, 'slots', name] }] : [];
  });
  return slots.flatMap(({ slot, at }) => [
    ...problemsOfSlot(slot, shared, at),
    ...tooFew(countedPorts(slot, shared).wanted, minHealthy, saidAt('minHealthy')),
  ]);
}

type SlotDraft = NonNullable<NonNullable<TargetDraft['own']['slots']>['blue']>;

/** Of what could be parsed, in order. */
export const portsOfDraft = (slot: SlotDraft | undefined, shared: SharedCounts): readonly number[] =>
  slot ? portsOfSlot(readable(slot), shared) : [];

/** How many ports a slot has, and how many of them are used from the start; 0 for a slot that names none. */
export function countedPorts(slot: SlotDraft, shared: SharedCounts): { readonly all: number; readonly wanted: number } {
  const all = portsOfDraft(slot, shared).length;
  if (all === 0) return { all, wanted: 0 };
  const { port, ports = [port] } = resolvePorts(readable(slot), shared);
  return { all, wanted: ports.length };
}

/** As far as it could be parsed. */
const readable = ({ port, instances, maxInstances, ports }: SlotDraft) => ({
  port,
  instances,
  maxInstances,
  ports: ports?.flatMap((each) => (each === undefined ? [] : [each])),
});

function problemsOfSlot(slot: SlotDraft, shared: SharedCounts, at: Path): readonly Finding[] {
  const { port, instances, maxInstances, ports } = readable(slot);
  if (!('port' in slot) && !('ports' in slot))
    return [error(at, 'has no port; expected `port`, or `ports` with one for each instance')];
  if (port !== undefined && ports && ports[0] !== port)
    return [error([...at, 'ports'], `begins with ${ports[0]}; expected ${port}, as \`port\` says, or no \`port\``)];
  const [wanted, most] = [instances ?? shared.instances, maxInstances ?? shared.maxInstances];
  if (most !== undefined && most < (wanted ?? 1))
    return [error(at, `has ${wanted} instances, more than its maxInstances, ${most}`)];
  const expected = most ?? wanted;
  if (ports && expected !== undefined && ports.length !== expected)
    return [error([...at, 'ports'], `has ${ports.length} of ${expected} ports; expected one for each instance`)];
  const last = portsOfSlot({ port, instances, maxInstances }, shared).at(-1) ?? 0;
  if (last > 65_535) return [error([...at, 'port'], `is too high: the last instance would get ${last}`)];
  return [];
}

function tooFew(count: number, minHealthy: number | undefined, at: Path): readonly Finding[] {
  if (minHealthy === undefined || count === 0 || minHealthy <= count) return [];
  return [error(at, `is more than the ${count === 1 ? 'one instance' : `${count} instances`} of a slot`)];
}
