// What is stored of a target's drills: a request that waits, what a drill has opened or started, and the last result.

import type { DrillView, TargetView } from '../../api/views.ts';
import type { SlotName, TargetKey } from '../../domain/target.ts';
import type { Db } from '../../state/database.ts';
import { drillKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import type { Core, Target } from '../core.ts';

export interface DrillMemory {
  /** A person asks for one. */
  readonly asked?: { readonly by: string; readonly at: number } | undefined;
  /** Written before anything is done: what must be put back, even by another process. */
  readonly running?: Running | undefined;
  readonly last?: DrillView | undefined;
}

interface Running {
  readonly by: string;
  readonly at: number;
  readonly slot: SlotName;
  readonly isStarted: boolean;
  /** Its result is known; only what it left is to be put back. */
  readonly isEnded?: boolean;
}

export const readDrill = (db: Db, key: TargetKey): DrillMemory =>
  getSnapshot<DrillMemory>(db, drillKey(key))?.value ?? {};

export function putDrill(db: Db, key: TargetKey, change: Partial<DrillMemory>, now: number): void {
  putSnapshot(db, drillKey(key), { ...readDrill(db, key), ...change }, now);
}

export function viewDrill({ store }: Core, { key }: Target): TargetView['drill'] {
  const { asked, running, last } = readDrill(store.db, key);
  if (asked === undefined && running === undefined && last === undefined) return undefined;
  return { isUnderWay: asked !== undefined || running !== undefined, last };
}
