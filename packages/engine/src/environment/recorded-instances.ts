// The records of instances as files: `<folder>/<service>/<target>/blue.json`, and `blue.2.json` for the second instance.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey } from '../domain/target.ts';
import type { InstanceKey, SlotPlace } from './environment.ts';
import { placeOn, portsOf } from './instances.ts';

/** The files of the first instance are where those of a slot with one instance are. */
export const numberSuffix = ({ instance = 1 }: Pick<InstanceKey, 'instance'>): string =>
  instance === 1 ? '' : `.${instance}`;

/** `shop.production.blue`; of the second instance `shop.production.blue.2`. */
export const dottedName = (place: InstanceKey): string =>
  `${place.service}.${place.target}.${place.slot}${numberSuffix(place)}`;

const recordName = /^(blue|green)(?:\.([1-9]\d{0,3}))?\.json$/;

/** Of the slot, every one that was ever used, in order. The only instance of a slot has no number. */
export function instancesIn(folder: string, { service, target, slot }: SlotKey): readonly InstanceKey[] {
  const numbers = namesIn(join(folder, service, target)).flatMap((name) => {
    const [, its, number] = recordName.exec(name) ?? [];
    return its === slot ? [Number(number ?? 1)] : [];
  });
  return numbers
    .toSorted((one, other) => one - other)
    .map((instance) => ({ service, target, slot, ...(instance === 1 ? {} : { instance }) }));
}

/** Of every slot that was ever used, also of those that are no longer configured. */
export function slotsIn(folder: string): readonly SlotKey[] {
  return foldersIn(folder).flatMap((service) =>
    foldersIn(join(folder, service)).flatMap((target) =>
      (['blue', 'green'] as const).map((slot) => ({ service, target, slot })),
    ),
  );
}

/** Recorded instances with the ports that the place gives them; a record has its own. */
export function placesOf(recorded: readonly InstanceKey[], place: SlotPlace) {
  const several = recorded.length > 1 || portsOf(place).length > 1;
  return recorded.map(({ instance = 1, ...slot }) => ({
    ...slot,
    port: portsOf(place)[instance - 1] ?? 0,
    ...(several ? { instance } : {}),
  }));
}

/** Of all instances of a slot, in order, as a record has it; undefined: the slot has one. */
export const recordedPorts = (place: SlotPlace): readonly number[] | undefined => placeOn(place, portsOf(place)).ports;

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}
