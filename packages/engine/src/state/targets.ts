// Stored data of a target: the intended routing, the content of each slot, and a person's lock.

import type { Routing } from '../domain/routing.ts';
import type { SlotName, TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { and, eq } from './drizzle.ts';
import { locks, quarantine, releases, slots, targets } from './schema.ts';
import type { Tx } from './store.ts';

export type SlotRow = typeof slots.$inferSelect;
export type LockRow = typeof locks.$inferSelect;
export type ReleaseRow = typeof releases.$inferSelect;
export type QuarantineRow = typeof quarantine.$inferSelect;

export interface StoredRouting {
  /** The intended routing. */
  readonly intent: Routing;
  /** False between the decision and the balancer's proof that it follows. */
  readonly confirmed: boolean;
}

const ofTarget = (table: typeof targets | typeof slots | typeof locks, { service, target }: TargetKey) =>
  and(eq(table.service, service), eq(table.target, target));

/** Makes the rows of a configured target if they are not there yet. */
export function ensureTarget(db: Db, key: TargetKey, now: number): void {
  // The database refuses a generation of 0 over a later one, even where the row would be left as it is.
  if (!db.select({ target: targets.target }).from(targets).where(ofTarget(targets, key)).get())
    db.insert(targets)
      .values({ ...key, generation: 0, confirmedGeneration: 0 })
      .run();
  for (const slot of ['blue', 'green'] as const)
    db.insert(slots)
      .values({ ...key, slot, role: 'idle', since: now, restarts: 0 })
      .onConflictDoNothing()
      .run();
}

export function readRouting(db: Db, key: TargetKey): StoredRouting {
  const row = db.select().from(targets).where(ofTarget(targets, key)).get();
  if (!row) throw new Error(`no row for target ${key.service}/${key.target}`);
  const canary = row.canarySlot === null ? undefined : { slot: row.canarySlot, percent: row.canaryPercent ?? 0 };
  return {
    intent: { generation: row.generation, active: row.active ?? undefined, canary, preview: row.preview ?? undefined },
    confirmed: row.confirmedGeneration === row.generation,
  };
}

/** Writes the intent under the next generation and returns it. The balancer follows afterwards. */
export function intendRouting(tx: Tx, key: TargetKey, desired: Omit<Routing, 'generation'>, atLeast = 0): Routing {
  const { intent } = readRouting(tx.db, key);
  const routing: Routing = { ...desired, generation: Math.max(intent.generation, atLeast) + 1 };
  tx.db
    .update(targets)
    .set({
      generation: routing.generation,
      active: routing.active ?? null,
      canarySlot: routing.canary?.slot ?? null,
      canaryPercent: routing.canary?.percent ?? null,
      preview: routing.preview ?? null,
    })
    .where(ofTarget(targets, key))
    .run();
  return routing;
}

export function confirmRouting(tx: Tx, key: TargetKey, generation: number): void {
  tx.db
    .update(targets)
    .set({ confirmedGeneration: generation })
    .where(and(ofTarget(targets, key), eq(targets.generation, generation)))
    .run();
}

/** The balancer has the intended routing, under a generation that another writer gave it. */
export function takeGeneration(tx: Tx, key: TargetKey, generation: number): void {
  tx.db.update(targets).set({ generation, confirmedGeneration: generation }).where(ofTarget(targets, key)).run();
}

export function readSlot(db: Db, key: TargetKey, slot: SlotName): SlotRow {
  const row = db
    .select()
    .from(slots)
    .where(and(ofTarget(slots, key), eq(slots.slot, slot)))
    .get();
  if (!row) throw new Error(`no row for slot ${key.service}/${key.target}/${slot}`);
  return row;
}

export function setSlot(
  tx: Tx,
  key: TargetKey,
  slot: SlotName,
  change: Partial<Omit<SlotRow, 'service' | 'target' | 'slot'>>,
): void {
  tx.db
    .update(slots)
    .set(change)
    .where(and(ofTarget(slots, key), eq(slots.slot, slot)))
    .run();
}

/** Everything of an empty slot. */
export const idleSlot = {
  role: 'idle',
  version: null,
  digest: null,
  deploymentId: null,
  label: null,
  keepUntil: null,
  displacedVersion: null,
  restarts: 0,
  nextRestartAt: null,
} as const;

/** The present lock; undefined when it has expired. */
export function readLock(db: Db, key: TargetKey, now: number): LockRow | undefined {
  const row = db.select().from(locks).where(ofTarget(locks, key)).get();
  return row && row.until > now ? row : undefined;
}

export function setLock(tx: Tx, row: LockRow): void {
  tx.db
    .insert(locks)
    .values(row)
    .onConflictDoUpdate({ target: [locks.service, locks.target], set: row })
    .run();
}

export function clearLock(tx: Tx, key: TargetKey): void {
  tx.db.delete(locks).where(ofTarget(locks, key)).run();
}

export function readRelease(db: Db, service: string, version: string): ReleaseRow | undefined {
  return db
    .select()
    .from(releases)
    .where(and(eq(releases.service, service), eq(releases.version, version)))
    .get();
}

/** Nothing, where it is registered. */
export function addRelease(tx: Tx, row: typeof releases.$inferInsert): void {
  if (!readRelease(tx.db, row.service, row.version)) tx.db.insert(releases).values(row).run();
}

export function readQuarantine(db: Db, digest: string): QuarantineRow | undefined {
  return db.select().from(quarantine).where(eq(quarantine.digest, digest)).get();
}

export function addQuarantine(tx: Tx, given: QuarantineRow): void {
  const row = { ...given, reason: tx.redact(given.reason) };
  tx.db.insert(quarantine).values(row).onConflictDoUpdate({ target: quarantine.digest, set: row }).run();
}

export function clearQuarantine(tx: Tx, digest: string): void {
  tx.db.delete(quarantine).where(eq(quarantine.digest, digest)).run();
}
