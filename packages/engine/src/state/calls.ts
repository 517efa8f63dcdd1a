// What monitoring systems asked for. A row belongs to one firing of a group of alerts, and its end is final.

import type { TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { and, asc, eq, gt, isNull, lt, lte, sql } from './drizzle.ts';
import { monitoringCalls } from './schema-calls.ts';

export type CallRow = typeof monitoringCalls.$inferSelect;

/** What the calls of one rule have in common. */
export interface CallKey extends TargetKey {
  readonly caller: string;
  readonly act: CallRow['act'];
}

/** Longer than any period in which acts are counted. */
const retainedMs = 30 * 86_400_000;

const ofKey = ({ caller, act, service, target }: CallKey) =>
  and(
    eq(monitoringCalls.caller, caller),
    eq(monitoringCalls.service, service),
    eq(monitoringCalls.target, target),
    eq(monitoringCalls.act, act),
  );

export function addCall(db: Db, row: typeof monitoringCalls.$inferInsert): CallRow {
  db.delete(monitoringCalls)
    .where(lt(monitoringCalls.receivedAt, row.receivedAt - retainedMs))
    .run();
  return db.insert(monitoringCalls).values(row).returning().get();
}

export function endCall(
  db: Db,
  id: number,
  end: { readonly status: Exclude<CallRow['status'], 'waiting'>; readonly deploymentId?: string | null },
  now: number,
): void {
  db.update(monitoringCalls)
    .set({ ...end, endedAt: now })
    .where(eq(monitoringCalls.id, id))
    .run();
}

/** Of one group of alerts, oldest first. */
export function callsOfGroup(db: Db, key: CallKey, group: string): readonly CallRow[] {
  return db
    .select()
    .from(monitoringCalls)
    .where(and(ofKey(key), eq(monitoringCalls.group, group)))
    .orderBy(asc(monitoringCalls.startsAt))
    .all();
}

export function resolveCall(db: Db, id: number, now: number): void {
  db.update(monitoringCalls).set({ resolvedAt: now }).where(eq(monitoringCalls.id, id)).run();
}

/** Those that did something and whose alerts still fire, of any group. */
export function unresolvedActs(db: Db, key: CallKey): readonly CallRow[] {
  return db
    .select()
    .from(monitoringCalls)
    .where(and(ofKey(key), eq(monitoringCalls.status, 'done'), isNull(monitoringCalls.resolvedAt)))
    .all();
}

export function actsSince(db: Db, key: CallKey, since: number): number {
  return countOf(db, and(ofKey(key), eq(monitoringCalls.status, 'done'), gt(monitoringCalls.endedAt, since)));
}

export function waitingCalls(db: Db, caller: string): number {
  return countOf(db, and(eq(monitoringCalls.caller, caller), isNull(monitoringCalls.endedAt)));
}

export function dueCalls(db: Db, now: number, limit: number): readonly CallRow[] {
  return db
    .select()
    .from(monitoringCalls)
    .where(and(isNull(monitoringCalls.endedAt), lte(monitoringCalls.dueAt, now)))
    .orderBy(asc(monitoringCalls.dueAt))
    .limit(limit)
    .all();
}

export function readCall(db: Db, id: number): CallRow | undefined {
  return db.select().from(monitoringCalls).where(eq(monitoringCalls.id, id)).get();
}

function countOf(db: Db, where: ReturnType<typeof and>): number {
  return db.select({ number: sql<number>`count(*)` }).from(monitoringCalls).where(where).get()?.number ?? 0;
}
