// Each instance has its own control group: it limits what the instance takes and holds what is left when it has ended.

import { endGroup, type GroupLimits, inGroup, makeGroup, type Part } from '../../lib/control-group.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { type ProcessLimits, withLimits } from '../../lib/process-limits.ts';
import { describePlace, type InstanceKey, type LaunchSettings } from '../environment.ts';
import { dottedName } from '../recorded-instances.ts';
import { helperFor } from './helper.ts';
import { placeFields, type Room } from './room.ts';

type Argv = readonly [string, ...string[]];

/** The command within the slot's group. One account and no quota: the process stays where the engine is. */
export function scoped(
  room: Room,
  place: InstanceKey,
  { account, quota, argv }: Pick<LaunchSettings, 'account' | 'quota'> & { readonly argv: Argv },
): Argv {
  if (account === undefined && quota === undefined) return argv;
  const scope = makeGroup(nameOf(room, place), quota ?? {});
  for (const { sentence } of scope.missing) room.log.warn(placeFields(place), sentence);
  const missing = scope.missing.map(({ part }) => part);
  return inGroup(
    withLimits(argv, insteadOf(missing, { quota: quota ?? {}, hasAccount: account !== undefined })),
    scope,
  );
}

/**
 * Limits for single processes where the group cannot be limited. The kernel counts processes by account: both slots
 * of a separate account together; without one the engine's processes too, so then no limit of processes is set.
 */
function insteadOf(
  missing: readonly Part[],
  { quota, hasAccount }: { readonly quota: GroupLimits; readonly hasAccount: boolean },
): ProcessLimits {
  const pids = hasAccount && missing.includes('pids') && quota.pids !== undefined ? 2 * quota.pids : undefined;
  return { memoryBytes: missing.includes('memoryBytes') ? quota.memoryBytes : undefined, pids };
}

/** Ends what left its process group and hid its mark. @throws BlueGreenError `stop-failed`, naming what is left */
export async function clearScope(room: Room, place: InstanceKey): Promise<void> {
  const helper = helperFor(room, place);
  const left = helper ? await helper.clear() : await endGroup(nameOf(room, place), room.clock);
  if (left.length > 0)
    throw new BlueGreenError(
      'stop-failed',
      `${describePlace(place)} still runs: ${left.map((pid) => `pid ${pid}`).join(', ')}`,
    );
}

/** Dots, which no name can hold, keep the parts apart. */
const nameOf = ({ mark }: Pick<Room, 'mark'>, place: InstanceKey): string => `${mark}.${dottedName(place)}`;
