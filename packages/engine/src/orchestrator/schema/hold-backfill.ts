// A person holds the backfill of a target: it stops after the batch under way, in every process, and stays held over
// restarts until a person lets it go on.

import { dropSnapshot, getSnapshot, heldBackfillKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import type { Core, Target } from '../core.ts';

export interface HeldBackfill {
  /** As the audit log names the person. */
  readonly by: string;
  readonly at: number;
  readonly reason: string | undefined;
}

export function heldBackfill({ store: { db } }: Core, { key }: Target): HeldBackfill | undefined {
  return getSnapshot<HeldBackfill>(db, heldBackfillKey(key))?.value;
}

export function holdBackfill({ db, now }: Tx, { key }: Target, held: HeldBackfill): void {
  putSnapshot(db, heldBackfillKey(key), held, now);
}

export function letBackfillGo({ db }: Tx, { key }: Target): void {
  dropSnapshot(db, heldBackfillKey(key));
}

const lookMs = 1_000;

/** Runs while the backfill is not held; what is held while it runs is stopped by the signal. */
export async function unlessHeld<T>(
  core: Core,
  target: Target,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const held = new AbortController();
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  const watching = (async () => {
    while (!ends.aborted && heldBackfill(core, target) === undefined) await core.changeSignal.changed(lookMs, ends);
    if (!ends.aborted) held.abort();
  })();
  try {
    return await work(AbortSignal.any([signal, held.signal]));
  } finally {
    over.abort();
    await watching;
  }
}
