// Releases that people want to retain, at any age.

import type { Db } from './database.ts';
import { and, eq } from './drizzle.ts';
import { pins } from './schema-builds.ts';
import type { Tx } from './store.ts';

export type PinRow = typeof pins.$inferSelect;

const ofRelease = (service: string, version: string) => and(eq(pins.service, service), eq(pins.version, version));

export function pinsOf(db: Db, service: string): readonly PinRow[] {
  return db.select().from(pins).where(eq(pins.service, service)).all();
}

export function readPin(db: Db, service: string, version: string): PinRow | undefined {
  return db.select().from(pins).where(ofRelease(service, version)).get();
}

/** A second pin gives a new reason. */
export function setPin(tx: Tx, row: PinRow): void {
  tx.db
    .insert(pins)
    .values(row)
    .onConflictDoUpdate({ target: [pins.service, pins.version], set: row })
    .run();
}

export function clearPin(tx: Tx, service: string, version: string): void {
  tx.db.delete(pins).where(ofRelease(service, version)).run();
}
