// Leases with fencing tokens: one for the controller, one for the Slack bot. Without its lease, a process cannot write.

import type { Clock } from '../lib/clock.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { isGone, isOfThisBoot, ownMark } from '../lib/process-mark.ts';
import type { Db } from './database.ts';
import { eq } from './drizzle.ts';
import { withRoom } from './room.ts';
import { type LeaseHolder, leases } from './schema.ts';

export interface Lease {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
}

export const leaseMs = 6_000;
export const heartbeatMs = 1_500;

type LeaseRow = typeof leases.$inferSelect;

/**
 * Takes the lease when it is free, has run out, or its holder is proved dead; undefined while it is held. Tokens follow the clock as well, so that
 * they grow even when the state was lost and only the balancers remember the last one.
 */
export function acquireLease(
  db: Db,
  desired: { name: string; holder: string; configDigest: string; clock: Clock },
): Lease | undefined {
  const take = db.$client.transaction((): Lease | undefined => {
    const row = readLease(db, desired.name);
    if (row && isLive(row, desired.clock)) return undefined;
    const token = Math.max((row?.token ?? 0) + 1, tokenOf(desired.clock.now()));
    const lease = { name: desired.name, holder: desired.holder, token };
    const values = { ...lease, ...termOf(token, desired.clock), configDigest: desired.configDigest };
    db.insert(leases).values(values).onConflictDoUpdate({ target: leases.name, set: values }).run();
    return lease;
  });
  return withRoom(db, 'decision', () => take.immediate());
}

/** The lowest token that a lease taken now can have: whole seconds since the epoch. */
export const tokenOf = (now: number): number => Math.floor(now / 1_000);

/** False when the lease is no longer ours. */
export function renewLease(db: Db, lease: Lease, clock: Clock): boolean {
  const renew = db.$client.transaction((): boolean => {
    if (readLease(db, lease.name)?.token !== lease.token) return false;
    db.update(leases).set(termOf(lease.token, clock)).where(eq(leases.name, lease.name)).run();
    return true;
  });
  return withRoom(db, 'decision', () => renew.immediate());
}

export function releaseLease(db: Db, lease: Lease): void {
  const giveBack = db.$client.transaction(() => {
    if (readLease(db, lease.name)?.token === lease.token)
      db.update(leases).set({ expiresAt: 0, held: null }).where(eq(leases.name, lease.name)).run();
  });
  withRoom(db, 'decision', () => giveBack.immediate());
}

export function liveLease(db: Db, name: string, clock: Clock): LeaseRow | undefined {
  const row = readLease(db, name);
  return row && isLive(row, clock) ? row : undefined;
}

/** The end by the wall clock is for versions that know no other. */
function termOf(token: number, clock: Clock): { readonly expiresAt: number; readonly held: LeaseHolder } {
  return {
    expiresAt: clock.now() + leaseMs,
    held: { ...ownMark(), token, untilMs: clock.monotonic() + leaseMs },
  };
}

/** One from before a restart of the machine is free: its process cannot live, and its time means nothing here. */
function isLive({ token, held, expiresAt }: LeaseRow, clock: Clock): boolean {
  if (held?.token === token) return isOfThisBoot(held) && held.untilMs > clock.monotonic() && !isGone(held);
  const leftMs = expiresAt - clock.now();
  // No process takes a lease for longer: more is left only when the clock was set back since.
  return leftMs > 0 && leftMs <= leaseMs;
}

/** Call inside the transaction of the write. @throws BlueGreenError `fenced-out` */
export function assertHeld(db: Db, lease: Lease): void {
  const row = readLease(db, lease.name);
  if (row?.token !== lease.token)
    throw new BlueGreenError(
      'fenced-out',
      `${lease.holder} lost the lease "${lease.name}" to ${row?.holder ?? 'nobody'}`,
    );
}

/** 0 when no process ever held it. */
export const newestToken = (db: Db, name: string): number => readLease(db, name)?.token ?? 0;

function readLease(db: Db, name: string): LeaseRow | undefined {
  return db.select().from(leases).where(eq(leases.name, name)).get();
}
