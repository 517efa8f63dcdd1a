// What the guard remembers of a target between its looks, in the state.

import type { GuardSettings } from '../../../config/guard/guard.ts';
import type { TargetKey } from '../../../domain/target.ts';
import { ownMark } from '../../../lib/process-mark.ts';
import type { Db } from '../../../state/database.ts';
import { getSnapshot, guardKey, putSnapshot } from '../../../state/snapshots.ts';
import type { Tx } from '../../../state/store.ts';
import type { SlotRow } from '../../../state/targets.ts';
import type { TargetContext } from '../../core.ts';
import { type GuardMemory, noMemory, ofThisBoot, within } from './decide.ts';

/** Called in the transaction that writes a crash. @returns how many of this side count, this one included. */
export function noteCrash(tx: Tx, { core, target }: Pick<TargetContext, 'core' | 'target'>, row: SlotRow): number {
  const { key, settings } = target;
  if (row.role !== 'active') return 1;
  const memory = readMemory(tx.db, key);
  const now = core.clock.monotonic();
  const times = [...crashesOf(memory, row, settings.guard, now), now].slice(-most);
  putSnapshot(tx.db, guardKey(key), { ...memory, crashes: { side: sideOf(row), times } }, tx.now);
  return times.length;
}

const most = 20;

export const readMemory = (db: Db, key: TargetKey): GuardMemory =>
  ofThisBoot(getSnapshot<GuardMemory>(db, guardKey(key))?.value ?? noMemory, ownMark().bootId);

/** The times of crashes of this side that count still. */
export const crashesOf = (
  { crashes }: GuardMemory,
  row: SlotRow,
  guard: GuardSettings,
  now: number,
): readonly number[] => (crashes.side === sideOf(row) ? within(crashes.times, guard, now) : []);

export const sideOf = ({ slot, version, deploymentId }: SlotRow): string => `${slot} ${version} ${deploymentId}`;
