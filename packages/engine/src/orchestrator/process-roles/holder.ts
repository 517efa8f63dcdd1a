// Which side has the roles, as the controller wrote it before it changed anything.

import type { SlotName, TargetKey } from '../../domain/target.ts';
import type { Db } from '../../state/database.ts';
import { getSnapshot, putSnapshot, roleHolderKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import type { Side } from './places.ts';

export interface RoleHolder {
  /** Null: no side has them. */
  readonly slot: SlotName | null;
  readonly version: string | null;
  readonly digest: string | null;
  /** A hand-over to it has begun and not ended: what runs is known to the environment only. */
  readonly isMoving: boolean;
}

/** Undefined: no hand-over has ever begun here, or the state was lost. */
export const readHolder = (db: Db, key: TargetKey): RoleHolder | undefined =>
  getSnapshot<RoleHolder>(db, roleHolderKey(key))?.value;

export function putHolder(tx: Tx, key: TargetKey, side: Side | undefined, isMoving: boolean): void {
  const { slot = null, release } = side ?? {};
  const holder: RoleHolder = { slot, version: release?.version ?? null, digest: release?.digest ?? null, isMoving };
  putSnapshot(tx.db, roleHolderKey(key), holder, tx.now);
}

export const holds = (holder: RoleHolder | undefined, side: Side | undefined): boolean =>
  holder !== undefined &&
  !holder.isMoving &&
  holder.slot === (side?.slot ?? null) &&
  holder.version === (side?.release.version ?? null) &&
  holder.digest === (side?.release.digest ?? null);
