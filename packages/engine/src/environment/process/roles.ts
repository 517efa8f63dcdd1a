// The processes of a slot that are no web servers. They are started and stopped as instances of the slot are, under names
// of their own; here is what only they need.

import type { SlotKey } from '../../domain/target.ts';
import type { SlotPlace } from '../environment.ts';
import { createLiveFiles } from '../live-file.ts';
import type { ProcessRoles } from '../process-roles.ts';
import { withRolesLock } from '../slot-lock.ts';
import type { Room } from './room.ts';
import { startedRoles } from './started.ts';

export function processRolesOn(room: Room): ProcessRoles {
  return {
    exclusively: (target, waitMs, act) => withRolesLock({ target, mark: room.mark, waitMs, clock: room.clock }, act),
    recorded: (slot) => startedRoles(room, slot),
    ...createLiveFiles(room.stateFolder),
  };
}

/** Of the roles of which something was started; where they listen is in their records. */
export const rolePlacesIn = (room: Room, { service, target, slot }: SlotKey): readonly SlotPlace[] =>
  startedRoles(room, { service, target, slot }).map((role) => ({ service, target, slot, role, port: 0 }));
