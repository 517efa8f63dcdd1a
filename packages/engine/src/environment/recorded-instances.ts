// The records of instances as files: `<folder>/<service>/<target>/blue.json`, and `blue.2.json` for the second instance.
// Those of a process role are `blue.role.worker.json` and `blue.role.worker.2.json`.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SlotKey } from '../domain/target.ts';
import type { InstanceKey, SlotPlace } from './environment.ts';
import { placeOn, portsOf } from './instances.ts';
import type { PartKey } from './process-roles.ts';

/** The files of the first instance are where those of a slot with one instance are. */
export const numberSuffix = ({ instance = 1 }: Pick<InstanceKey, 'instance'>): string =>
  instance === 1 ? '' : `.${instance}`;

/** `blue`, `blue.2`, `blue.role.worker`, `blue.role.worker.2`. */
export const partName = ({ slot, role, ...place }: InstanceKey): string =>
  `${slot}${role === undefined ? '' : `.role.${role}`}${numberSuffix(place)}`;

/** `shop.production.blue`; of the second instance `shop.production.blue.2`. */
export const dottedName = (place: InstanceKey): string => `${place.service}.${place.target}.${partName(place)}`;

const recordName = /^(blue|green)(?:\.role\.([a-z][a-z0-9-]{0,31}))?(?:\.([1-9]\d{0,3}))?\.json$/;

/** Of the slot or of one of its roles, every one that was ever used, in order. The only one has no number. */
export function instancesIn(folder: string, { service, target, slot, role }: PartKey): readonly InstanceKey[] {
  const key = { service, target, slot, ...(role === undefined ? {} : { role }) };
  return recordsOf(folder, key)
    .filter((each) => each.role === role)
    .map(({ instance }) => instance)
    .toSorted((one, other) => one - other)
    .map((instance) => ({ ...key, ...(instance === 1 ? {} : { instance }) }));
}

/** Every role that was ever used in the slot, by name. */
export function rolesIn(folder: string, slot: SlotKey): readonly string[] {
  const roles = recordsOf(folder, slot).flatMap(({ role }) => (role === undefined ? [] : [role]));
  return [...new Set(roles)].toSorted();
}

function recordsOf(folder: string, { service, target, slot }: SlotKey) {
  return namesIn(join(folder, service, target)).flatMap((name) => {
    const [, its, role, number] = recordName.exec(name) ?? [];
    return its === slot ? [{ role, instance: Number(number ?? 1) }] : [];
  });
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
