// The latest observation of things that change all the time (health, traffic, nodes): no state, no audit row.

import type { SlotName, TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { and, eq, gte, lt } from './drizzle.ts';
import { approvals, cursors, seen, snapshots } from './schema.ts';

export const roleHolderKey = ({ service, target }: TargetKey): string => `role-holder:${service}/${target}`;
export const rolesSeenKey = ({ service, target }: TargetKey): string => `roles:${service}/${target}`;
export const slotKey = ({ service, target }: TargetKey, slot: SlotName): string => `slot:${service}/${target}/${slot}`;
export const nodesKey = ({ service, target }: TargetKey): string => `nodes:${service}/${target}`;
export const driftKey = ({ service, target }: TargetKey): string => `drift-of:${service}/${target}`;
export const unknownStateKey = ({ service, target }: TargetKey): string => `unlearnt:${service}/${target}`;
export const openKey = ({ service, target }: TargetKey): string => `open:${service}/${target}`;
export const schemaKey = ({ service, target }: TargetKey): string => `schema:${service}/${target}`;
export const fillingKey = ({ service, target }: TargetKey): string => `filling:${service}/${target}`;
export const heldBackfillKey = ({ service, target }: TargetKey): string => `held-backfill:${service}/${target}`;
export const smokeKey = ({ service, target }: TargetKey, slot: SlotName): string =>
  `smoke:${service}/${target}/${slot}`;
export const drillKey = ({ service, target }: TargetKey): string => `drill:${service}/${target}`;
export const readinessKey = ({ service, target }: TargetKey): string => `readiness:${service}/${target}`;
export const remindedKey = (approvalId: string): string => `reminded:${approvalId}`;
/** What was generated for the load balancer when this approval was asked for. */
export const renderedKey = (approvalId: string): string => `rendered:${approvalId}`;
export const lockReminderKey = ({ service, target }: TargetKey): string => `lock-reminder:${service}/${target}`;
export const stalenessKey = ({ service, target }: TargetKey): string => `staleness:${service}/${target}`;
export const suspensionKey = ({ service, target }: TargetKey): string => `suspended:${service}/${target}`;
export const waitingKey = ({ service, target }: TargetKey): string => `waiting:${service}/${target}`;
export const contractKey = (contractId: string): string => `contract:${contractId}`;
export const observationKey = (deploymentId: string): string => `observation:${deploymentId}`;
export const trendKey = (deploymentId: string): string => `trend:${deploymentId}`;
/** What else changed during its canary. */
export const marksKey = (deploymentId: string): string => `marks:${deploymentId}`;
export const judgeKey = (deploymentId: string): string => `judge:${deploymentId}`;
export const checksKey = (deploymentId: string): string => `checks:${deploymentId}`;
export const pausedForKey = (deploymentId: string): string => `paused-for:${deploymentId}`;
export const askedKey = (deploymentId: string, position: number): string => `asked:${deploymentId}.${position}`;
export const progressKey = (deploymentId: string, position: number): string => `watched:${deploymentId}.${position}`;
export const filesKey = (service: string, version: string): string => `files-of:${service}/${version}`;
export const configurationKey = ({ service, target }: TargetKey): string => `configuration:${service}/${target}`;
export const guardKey = ({ service, target }: TargetKey): string => `guard:${service}/${target}`;
export const judgedKey = ({ service, target }: TargetKey): string => `judged:${service}/${target}`;
export const insteadKey = (deploymentId: string): string => `instead:${deploymentId}`;
export const pendingKey = 'configuration-pending';
export const leftKey = ({ service, target }: TargetKey): string => `configuration-left:${service}/${target}`;
export const freezeOverrideKey = (deploymentId: string): string => `freeze-override:${deploymentId}`;
export const freezeWarnedKey = ({ service, target }: TargetKey): string => `freeze-warned:${service}/${target}`;
export const calendarKey = (source: string): string => `calendar:${source}`;
/** Of a deployment, or of a request that waits. */
export const canaryKey = (id: string): string => `canary:${id}`;
export const claimKey = (deploymentId: string): string => `claim:${deploymentId}`;
export const receiptKey = (deploymentId: string): string => `receipt:${deploymentId}`;

export function putSnapshot(db: Db, key: string, value: unknown, at: number): void {
  db.insert(snapshots)
    .values({ key, value, at })
    .onConflictDoUpdate({ target: snapshots.key, set: { value, at } })
    .run();
}

export function dropSnapshot(db: Db, key: string): void {
  db.delete(snapshots).where(eq(snapshots.key, key)).run();
}

/** All that was observed of a deployment: for one that has ended long ago. */
export function dropSnapshotsOf(db: Db, deploymentId: string): void {
  for (const keyOf of ofDeployment) dropSnapshot(db, keyOf(deploymentId));
  for (const keyOf of ofStep) {
    // Every position: what follows "." is "/".
    const first = keyOf(deploymentId, 0).slice(0, -1);
    db.delete(snapshots)
      .where(and(gte(snapshots.key, first), lt(snapshots.key, `${first.slice(0, -1)}/`)))
      .run();
  }
  const asked = db.select({ id: approvals.id }).from(approvals).where(eq(approvals.deploymentId, deploymentId)).all();
  for (const { id } of asked) for (const keyOf of ofApproval) dropSnapshot(db, keyOf(id));
}

const ofDeployment = [
  observationKey,
  trendKey,
  marksKey,
  judgeKey,
  checksKey,
  pausedForKey,
  insteadKey,
  freezeOverrideKey,
  canaryKey,
  claimKey,
  receiptKey,
];
const ofStep = [askedKey, progressKey];
const ofApproval = [remindedKey, renderedKey];

/** The caller knows what it put under the key. */
export function getSnapshot<T>(db: Db, key: string): { readonly at: number; readonly value: T } | undefined {
  const row = db.select().from(snapshots).where(eq(snapshots.key, key)).get();
  return row && { at: row.at, value: row.value as T };
}

export function readCursor(db: Db, consumer: string): number {
  return db.select().from(cursors).where(eq(cursors.consumer, consumer)).get()?.position ?? 0;
}

export function writeCursor(db: Db, consumer: string, position: number): void {
  db.insert(cursors)
    .values({ consumer, position })
    .onConflictDoUpdate({ target: cursors.consumer, set: { position } })
    .run();
}

/** True the first time within the key's life. */
export function firstTime(db: Db, key: string, now: number, ttlMs: number): boolean {
  db.delete(seen).where(lt(seen.expiresAt, now)).run();
  return (
    db
      .insert(seen)
      .values({ key, expiresAt: now + ttlMs })
      .onConflictDoNothing()
      .run().changes === 1
  );
}
