// Slots whose number of instances and ports do not fit together.

import type { Path } from '../kit/path.ts';
import { error, type Finding } from '../kit/problems.ts';
import type { TargetDraft } from '../target-draft.ts';
import { portsOfSlot } from './instances.ts';

export function checkInstances({ own, path, options, saidAt }: TargetDraft): readonly Finding[] {
  const { instances: shared, minHealthy } = options;
  const slots = (['blue', 'green'] as const).flatMap((name) => {
    const slot = own.slots?.[name];
    return slot ? [{ slot, at: [...path, 'slots', name] }] : [];
  });
  return slots.flatMap(({ slot, at }) => [
    ...problemsOfSlot(slot, shared, at),
    ...tooFew(portsOfDraft(slot, shared).length, minHealthy, saidAt('minHealthy')),
  ]);
}

type SlotDraft = NonNullable<NonNullable<TargetDraft['own']['slots']>['blue']>;

/** Of what could be parsed, in order. */
export const portsOfDraft = (slot: SlotDraft | undefined, instances: number | undefined): readonly number[] =>
  slot ? portsOfSlot(readable(slot), { instances }) : [];

/** As far as it could be parsed. */
const readable = ({ port, instances, ports }: SlotDraft) => ({
  port,
  instances,
  ports: ports?.flatMap((each) => (each === undefined ? [] : [each])),
});

function problemsOfSlot(slot: SlotDraft, shared: number | undefined, at: Path): readonly Finding[] {
  const { port, instances, ports } = readable(slot);
  if (!('port' in slot) && !('ports' in slot))
    return [error(at, 'has no port; expected `port`, or `ports` with one for each instance')];
  if (port !== undefined && ports && ports[0] !== port)
    return [error([...at, 'ports'], `begins with ${ports[0]}; expected ${port}, as \`port\` says, or no \`port\``)];
  const wanted = instances ?? shared;
  if (ports && wanted !== undefined && ports.length !== wanted)
    return [error([...at, 'ports'], `has ${ports.length} of ${wanted} ports; expected one for each instance`)];
  const last = portsOfSlot({ port, instances }, { instances: shared }).at(-1) ?? 0;
  if (last > 65_535) return [error([...at, 'port'], `is too high: the last instance would get ${last}`)];
  return [];
}

function tooFew(count: number, minHealthy: number | undefined, at: Path): readonly Finding[] {
  if (minHealthy === undefined || count === 0 || minHealthy <= count) return [];
  return [error(at, `is more than the ${count === 1 ? 'one instance' : `${count} instances`} of a slot`)];
}
