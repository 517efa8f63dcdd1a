// A target whose state was lost and could not be discovered: nothing is built on it until a person has checked it.

import type { TargetKey } from '../../domain/target.ts';
import { getSnapshot, putSnapshot, unknownStateKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { readRouting } from '../../state/targets.ts';
import type { Core } from '../core.ts';

/** Why nothing is known; undefined as soon as anything was decided, in any way. */
export function readUnknownState({ store }: Pick<Core, 'store'>, key: TargetKey): string | undefined {
  if (readRouting(store.db, key).intent.generation > 0) return undefined;
  return getSnapshot<{ why: string }>(store.db, unknownStateKey(key))?.value.why || undefined;
}

export function putUnknownState({ db, now }: Pick<Tx, 'db' | 'now'>, key: TargetKey, why: string): void {
  putSnapshot(db, unknownStateKey(key), { why }, now);
}
