// Which lease has worked on a slot last: the highest fencing token, in a file next to the slot's records, and on the labels
// of its containers where the file was lost. An engine whose lease is an earlier one is late: it changes nothing.

import { join } from 'node:path';
import { BlueGreenError } from '../../lib/errors.ts';
import { readFileIfAny, writeFileAtomic } from '../../lib/files.ts';
import { describePlace, type InstanceKey } from '../environment.ts';
import { labels } from './container.ts';
import { recordsIn } from './record.ts';
import type { Room } from './room.ts';

type Labels = Readonly<Record<string, string>>;

/** Under the slot's lock. @throws BlueGreenError `fenced-out` */
export function claimSlot({ acting, stateFolder }: Room, place: InstanceKey): void {
  if (!acting) return;
  const file = join(recordsIn(stateFolder), place.service, place.target, `${place.slot}.fence`);
  const seen = Number(readFileIfAny(file) ?? 0);
  if (acting.fence < seen) throw fencedOut(place, acting.fence, seen);
  if (acting.fence > seen) writeFileAtomic(file, `${acting.fence}\n`);
}

/** By its labels. @throws BlueGreenError `fenced-out` */
export function requireNotLater({ acting }: Room, place: InstanceKey, found: Labels): void {
  if (isLater(acting?.fence, found)) throw fencedOut(place, acting?.fence, found[labels.fence]);
}

/** Whether a later lease than ours has started it. A container of an earlier version of this program has no fence. */
export const isLater = (fence: number | undefined, found: Labels): boolean =>
  fence !== undefined && Number(found[labels.fence] ?? 0) > fence;

/** A record that is wrong, or older than what it names, costs no other slot its container. @throws BlueGreenError `stop-failed` */
export function requireOurs(
  room: Room,
  place: InstanceKey,
  { id, launch, found }: { readonly id: string; readonly launch: string | undefined; readonly found: Labels },
): void {
  requireNotLater(room, place, found);
  const theirs = [found[labels.service], found[labels.target], found[labels.slot], found[labels.launch]];
  const number = found[labels.instance] ?? '1';
  const ours = [place.service, place.target, place.slot, launch ?? found[labels.launch]];
  if (ours.join('/') === theirs.join('/') && number === String(place.instance ?? 1)) return;
  throw new BlueGreenError(
    'stop-failed',
    `container ${id.slice(0, 12)}, which the record of ${describePlace(place)} names, bears the labels of instance ${number} of ${theirs.join('/')}: it was not touched`,
  );
}

const fencedOut = (place: InstanceKey, fence: number | undefined, seen: string | number | undefined): BlueGreenError =>
  new BlueGreenError(
    'fenced-out',
    `a later lease (${seen}) than this one (${fence}) has worked on ${describePlace(place)}: nothing was changed there`,
  );
