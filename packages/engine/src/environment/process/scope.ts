// A control group of its own for each slot: what the slot may take of the machine, and what is left of it when it has ended.

import { type ControlGroup, endGroup, makeGroup } from '../../lib/control-group.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { describePlace, type LaunchSettings, type SlotKey } from '../environment.ts';
import { placeFields, type Room } from './room.ts';

/** One account and no quota: the process stays where the engine is. */
export function scopeFor(
  room: Room,
  place: SlotKey,
  { account, quota }: Pick<LaunchSettings, 'account' | 'quota'>,
): Pick<ControlGroup, 'folders'> {
  if (account === undefined && quota === undefined) return { folders: [] };
  const scope = makeGroup(nameOf(room, place), quota ?? {});
  for (const sentence of scope.missing) room.log.warn(placeFields(place), sentence);
  return scope;
}

/** Ends what left its process group and hid its mark. @throws BlueGreenError `stop-failed`, naming what is left */
export async function clearScope(room: Room, place: SlotKey): Promise<void> {
  const left = await endGroup(nameOf(room, place), room.clock);
  if (left.length > 0)
    throw new BlueGreenError(
      'stop-failed',
      `${describePlace(place)} still runs: ${left.map((pid) => `pid ${pid}`).join(', ')}`,
    );
}

/** Dots, which no name can hold, keep the parts apart. */
const nameOf = ({ mark }: Pick<Room, 'mark'>, { service, target, slot }: SlotKey): string =>
  `${mark}.${service}.${target}.${slot}`;
