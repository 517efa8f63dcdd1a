// What the controller saw of the roles at its last look, for people; and what it remembers of crashes.

import type { RoleView } from '../../api/views.ts';
import type { TargetKey } from '../../domain/target.ts';
import type { Db } from '../../state/database.ts';
import { dropSnapshot, getSnapshot, putSnapshot, rolesSeenKey } from '../../state/snapshots.ts';
import type { Core, Target } from '../core.ts';

export interface RoleSeen extends RoleView {
  /** Of the release that it was seen with. */
  readonly digest: string;
  /** Epoch ms of the next start, after one that ended or failed. */
  readonly nextStartAt: number | undefined;
  /** Epoch ms, those that count still. */
  readonly crashes: readonly number[];
  readonly isPaged: boolean;
  /** Of its check, in a row. */
  readonly failures: number;
}

export const readRoles = (db: Db, key: TargetKey): readonly RoleSeen[] =>
  getSnapshot<readonly RoleSeen[]>(db, rolesSeenKey(key))?.value ?? [];

const isOf = (one: Pick<RoleSeen, 'slot' | 'role'>) => (other: Pick<RoleSeen, 'slot' | 'role'>) =>
  one.slot === other.slot && one.role === other.role;

export const roleIn = (all: readonly RoleSeen[], part: Pick<RoleSeen, 'slot' | 'role'>): RoleSeen | undefined =>
  all.find(isOf(part));

/** Writes only what has changed. */
export function noteRole(db: Db, key: TargetKey, seen: RoleSeen, now: number): void {
  const all = readRoles(db, key);
  if (JSON.stringify(roleIn(all, seen)) === JSON.stringify(seen)) return;
  putSnapshot(db, rolesSeenKey(key), [...all.filter((each) => !isOf(seen)(each)), seen], now);
}

/** Of roles that do not run any more. */
export function dropRoles({ store }: Core, { key }: Target, isGone: (seen: RoleSeen) => boolean): void {
  const all = readRoles(store.db, key);
  const left = all.filter((each) => !isGone(each));
  if (left.length !== all.length) store.note((db, now) => putSnapshot(db, rolesSeenKey(key), left, now));
}

export function forgetRoles({ store }: Core, { key }: Target): void {
  if (readRoles(store.db, key).length > 0) store.note((db) => dropSnapshot(db, rolesSeenKey(key)));
}
