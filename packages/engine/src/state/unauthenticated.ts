// Unauthenticated requests, counted by minute, entry point and source: one audit row per count, not one per request.

import type { Db } from './database.ts';
import { and, count, eq, lt, sql } from './drizzle.ts';
import { unauthenticatedRequests as requests } from './schema.ts';

export interface UnauthenticatedCounts {
  readonly entryPoint: string;
  /** An address or a network; '' where the entry point does not know it. */
  readonly source: string;
  readonly count: number;
}

/** Per minute and entry point. Further sources are counted together as `others`, since addresses are cheap. */
const mostSources = 16;
const others = 'others';

export function countUnauthenticatedRequests(
  db: Db,
  { entryPoint, source, count: more }: UnauthenticatedCounts,
  now: number,
): void {
  const minute = Math.floor(now / 60_000);
  db.insert(requests)
    .values({ minute, entryPoint, source: hasRoom(db, { minute, entryPoint, source }) ? source : others, count: more })
    .onConflictDoUpdate({
      target: [requests.minute, requests.entryPoint, requests.source],
      set: { count: sql`${requests.count} + ${more}` },
    })
    .run();
}

interface Place {
  readonly minute: number;
  readonly entryPoint: string;
  readonly source: string;
}

function hasRoom(db: Db, { minute, entryPoint, source }: Place): boolean {
  const ofEntryPoint = and(eq(requests.minute, minute), eq(requests.entryPoint, entryPoint));
  const isKnown = db
    .select({ count: requests.count })
    .from(requests)
    .where(and(ofEntryPoint, eq(requests.source, source)))
    .get();
  if (isKnown) return true;
  const sources = db.select({ number: count() }).from(requests).where(ofEntryPoint).get();
  return (sources?.number ?? 0) < mostSources;
}

export function unauthenticatedWait(db: Db, now: number): boolean {
  return (
    db
      .select()
      .from(requests)
      .where(lt(requests.minute, Math.floor(now / 60_000)))
      .get() !== undefined
  );
}

/** Counts of minutes that are over; the caller writes them to the audit log, one row each, and then they go. */
export function takeUnauthenticatedCounts(
  db: Db,
  now: number,
): readonly (UnauthenticatedCounts & { readonly minute: number })[] {
  const minute = Math.floor(now / 60_000);
  const rows = db.select().from(requests).where(lt(requests.minute, minute)).all();
  if (rows.length > 0) db.delete(requests).where(lt(requests.minute, minute)).run();
  return rows;
}
