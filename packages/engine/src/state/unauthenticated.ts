// Unauthenticated requests, counted by minute, entry point and source: one audit row per count, not one per request.

import type { Db } from './database.ts';
import { and, count, eq, lt, sql } from './drizzle.ts';
import { strangers } from './schema.ts';

export interface UnauthenticatedCounts {
  readonly door: string;
  /** An address or a network; '' where the entry point does not know it. */
  readonly source: string;
  readonly count: number;
}

/** Per minute and entry point. Further sources are counted together as `others`, since addresses are cheap. */
const mostSources = 16;
const others = 'others';

export function countUnauthenticatedRequests(
  db: Db,
  { door, source, count: more }: UnauthenticatedCounts,
  now: number,
): void {
  const minute = Math.floor(now / 60_000);
  db.insert(strangers)
    .values({ minute, door, source: hasRoom(db, { minute, door, source }) ? source : others, count: more })
    .onConflictDoUpdate({
      target: [strangers.minute, strangers.door, strangers.source],
      set: { count: sql`${strangers.count} + ${more}` },
    })
    .run();
}

interface Place {
  readonly minute: number;
  readonly door: string;
  readonly source: string;
}

function hasRoom(db: Db, { minute, door, source }: Place): boolean {
  const ofDoor = and(eq(strangers.minute, minute), eq(strangers.door, door));
  const isKnown = db
    .select({ count: strangers.count })
    .from(strangers)
    .where(and(ofDoor, eq(strangers.source, source)))
    .get();
  if (isKnown) return true;
  const sources = db.select({ number: count() }).from(strangers).where(ofDoor).get();
  return (sources?.number ?? 0) < mostSources;
}

export function unauthenticatedWait(db: Db, now: number): boolean {
  return (
    db
      .select()
      .from(strangers)
      .where(lt(strangers.minute, Math.floor(now / 60_000)))
      .get() !== undefined
  );
}

/** Counts of minutes that are over; the caller writes them to the audit log, one row each, and then they go. */
export function takeUnauthenticatedCounts(
  db: Db,
  now: number,
): readonly (UnauthenticatedCounts & { readonly minute: number })[] {
  const minute = Math.floor(now / 60_000);
  const rows = db.select().from(strangers).where(lt(strangers.minute, minute)).all();
  if (rows.length > 0) db.delete(strangers).where(lt(strangers.minute, minute)).run();
  return rows;
}
