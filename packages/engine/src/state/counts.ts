// How many instances a slot has where that was changed at run time, and the change that is under way.

import type { SlotKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { and, eq } from './drizzle.ts';
import { slotCounts } from './schema-counts.ts';
import type { Tx } from './store.ts';

/** A change of a slot's number of instances, written before anything is started or stopped. */
export interface Scaling {
  readonly from: number;
  readonly to: number;
  /** So many of its instances, the first ones, get users in the meantime. */
  readonly admitted: number;
  /** As stored in rows. */
  readonly by: string;
  /** Epoch ms. */
  readonly since: number;
  /** Why it is taken back. */
  readonly problem: string | undefined;
}

export interface SlotCount {
  /** Undefined: as many as the configuration says. */
  readonly instances: number | undefined;
  readonly scaling: Scaling | undefined;
}

const ofSlot = ({ service, target, slot }: SlotKey) =>
  and(eq(slotCounts.service, service), eq(slotCounts.target, target), eq(slotCounts.slot, slot));

export function readCount(db: Db, key: SlotKey): SlotCount {
  const row = db.select().from(slotCounts).where(ofSlot(key)).get();
  return { instances: row?.instances ?? undefined, scaling: row && scalingOf(row) };
}

function scalingOf(row: typeof slotCounts.$inferSelect): Scaling | undefined {
  const { scaleFrom: from, scaleTo: to, admitted, scaleBy: by, scaleSince: since, scaleProblem } = row;
  if (from === null || to === null || admitted === null || by === null || since === null) return undefined;
  return { from, to, admitted, by, since, problem: scaleProblem ?? undefined };
}

/** Ends a change that is under way. */
export function setCount(tx: Tx, key: SlotKey, instances: number | undefined): void {
  put(tx, key, { ...noScaling, instances: instances ?? null });
}

/** Begins a change, or goes on to its next part. The number before it stays until `setCount`. */
export function setScaling(tx: Tx, key: SlotKey, { from, to, admitted, by, since, problem }: Scaling): void {
  put(tx, key, {
    scaleFrom: from,
    scaleTo: to,
    admitted,
    scaleBy: by,
    scaleSince: since,
    scaleProblem: problem === undefined ? null : tx.redact(problem),
  });
}

/** The number stays. */
export const endScaling = (tx: Tx, key: SlotKey): void => put(tx, key, noScaling);

const noScaling = {
  scaleFrom: null,
  scaleTo: null,
  admitted: null,
  scaleBy: null,
  scaleSince: null,
  scaleProblem: null,
} as const;

function put(tx: Tx, { service, target, slot }: SlotKey, set: Partial<typeof slotCounts.$inferInsert>): void {
  tx.db
    .insert(slotCounts)
    .values({ service, target, slot, ...set })
    .onConflictDoUpdate({ target: [slotCounts.service, slotCounts.target, slotCounts.slot], set })
    .run();
}
