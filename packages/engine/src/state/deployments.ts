// Deployments, their journal, approvals and signals. A row that is finished never changes again.

import type { Direction, StepStatus } from '../domain/deployment.ts';
import type { TargetKey } from '../domain/target.ts';
import type { Db } from './database.ts';
import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, lt, sql } from './drizzle.ts';
import { approvals, deployments, signals, steps, votes } from './schema.ts';
import type { Tx } from './store.ts';

export type DeploymentRow = typeof deployments.$inferSelect;
export type StepRow = typeof steps.$inferSelect;
export type ApprovalRow = typeof approvals.$inferSelect;
export type SignalRow = typeof signals.$inferSelect;

export function readDeployment(db: Db, id: string): DeploymentRow | undefined {
  return db.select().from(deployments).where(eq(deployments.id, id)).get();
}

export function liveDeployments(db: Db): readonly DeploymentRow[] {
  return db.select().from(deployments).where(isNull(deployments.finishedAt)).all();
}

export function liveDeployment(db: Db, { service, target }: TargetKey): DeploymentRow | undefined {
  return db
    .select()
    .from(deployments)
    .where(and(eq(deployments.service, service), eq(deployments.target, target), isNull(deployments.finishedAt)))
    .get();
}

/** Newest first. */
export function recentDeployments(db: Db, { service, target }: TargetKey, limit: number): readonly DeploymentRow[] {
  return db
    .select()
    .from(deployments)
    .where(and(eq(deployments.service, service), eq(deployments.target, target)))
    .orderBy(desc(deployments.requestedAt), desc(sql`rowid`))
    .limit(limit)
    .all();
}

/** Those whose id begins like this; a range of the primary key. */
export function deploymentsByPrefix(db: Db, prefix: string, limit: number): readonly DeploymentRow[] {
  return db
    .select()
    .from(deployments)
    .where(and(gte(deployments.id, prefix), lt(deployments.id, `${prefix}\u{10ffff}`)))
    .orderBy(asc(deployments.id))
    .limit(limit)
    .all();
}

/** The last deployment that took this version through the checks. */
export function lastDeploymentOf(db: Db, { service, target }: TargetKey, version: string): DeploymentRow | undefined {
  return db
    .select()
    .from(deployments)
    .where(
      and(
        eq(deployments.service, service),
        eq(deployments.target, target),
        eq(deployments.version, version),
        inArray(deployments.mode, ['deploy', 'redeploy']),
      ),
    )
    .orderBy(desc(deployments.requestedAt), desc(sql`rowid`))
    .limit(1)
    .get();
}

// As text, not as a parameter: only then does SQLite see which index is meant.
const wasKept = sql`${deployments.outcome} <> 'rolled-back'`;

/** Releases that users have had on this target, the latest first; an adopted one is known by what followed it. */
export function releasesOnceLive(db: Db, { service, target }: TargetKey): readonly string[] {
  const rows = db
    .select({ version: deployments.version, fromVersion: deployments.fromVersion })
    .from(deployments)
    .where(
      and(eq(deployments.service, service), eq(deployments.target, target), isNotNull(deployments.promotedAt), wasKept),
    )
    .orderBy(desc(deployments.finishedAt))
    .limit(200)
    .all();
  return [
    ...new Set(rows.flatMap(({ version, fromVersion }) => (fromVersion === null ? [version] : [version, fromVersion]))),
  ];
}

export function addDeployment(tx: Tx, row: typeof deployments.$inferInsert): void {
  tx.db.insert(deployments).values(row).run();
}

/** Changes the row and raises its state version, so that buttons drawn for the old state are known to be stale. */
export function advanceDeployment(tx: Tx, id: string, change: Partial<DeploymentRow>): void {
  tx.db
    .update(deployments)
    .set({ ...withoutSecrets(tx, change), stateVersion: sql`${deployments.stateVersion} + 1` as never })
    .where(eq(deployments.id, id))
    .run();
}

/** What a service or a program said of itself may be a part of a cause, and a cause goes onto cards. */
function withoutSecrets(tx: Tx, change: Partial<DeploymentRow>): Partial<DeploymentRow> {
  return typeof change.cause === 'string' ? { ...change, cause: tx.redact(change.cause) } : change;
}

export function readJournal(db: Db, id: string): readonly StepRow[] {
  return db.select().from(steps).where(eq(steps.deploymentId, id)).orderBy(asc(steps.position)).all();
}

export interface StepKey {
  readonly deploymentId: string;
  readonly position: number;
  readonly direction: Direction;
}

const ofStep = ({ deploymentId, position, direction }: StepKey) =>
  and(eq(steps.deploymentId, deploymentId), eq(steps.position, position), eq(steps.direction, direction));

export function readStep(db: Db, key: StepKey): StepRow | undefined {
  return db.select().from(steps).where(ofStep(key)).get();
}

/** A step that is begun again after a crash keeps its first start and its note; the attempt is counted. */
export function beginStep(tx: Tx, key: StepKey, name: string): void {
  tx.db
    .insert(steps)
    .values({ ...key, name, status: 'started', attempts: 1, startedAt: tx.now })
    .onConflictDoUpdate({
      target: [steps.deploymentId, steps.position, steps.direction],
      set: { status: 'started', attempts: sql`${steps.attempts} + 1` },
    })
    .run();
}

export function endStep(tx: Tx, key: StepKey, status: StepStatus, name: string): void {
  tx.db
    .insert(steps)
    .values({ ...key, name, status, attempts: 0, startedAt: tx.now, endedAt: tx.now })
    .onConflictDoUpdate({
      target: [steps.deploymentId, steps.position, steps.direction],
      set: { status, endedAt: tx.now },
    })
    .run();
}

/** What the journal keeps of a step in addition to its times. */
export function noteStep(tx: Tx, key: StepKey, note: Readonly<Record<string, unknown>>): void {
  tx.db.update(steps).set({ note }).where(ofStep(key)).run();
}

export function readApproval(db: Db, deploymentId: string, position: number): ApprovalRow | undefined {
  return db
    .select()
    .from(approvals)
    .where(and(eq(approvals.deploymentId, deploymentId), eq(approvals.position, position)))
    .get();
}

export function approvalsOf(db: Db, deploymentId: string): readonly ApprovalRow[] {
  return db
    .select()
    .from(approvals)
    .where(eq(approvals.deploymentId, deploymentId))
    .orderBy(asc(approvals.position))
    .all();
}

export function addApproval(tx: Tx, row: typeof approvals.$inferInsert): void {
  tx.db.insert(approvals).values(row).run();
}

export function changeApproval(tx: Tx, id: string, change: Partial<ApprovalRow>): void {
  tx.db.update(approvals).set(change).where(eq(approvals.id, id)).run();
}

/** Cancels the pending approvals: no person has to decide any more. */
export function cancelApprovals(tx: Tx, deploymentId: string): void {
  const pending = and(eq(approvals.deploymentId, deploymentId), eq(approvals.status, 'pending'));
  tx.db.update(approvals).set({ status: 'cancelled', decidedAt: tx.now }).where(pending).run();
}

export function votesOf(db: Db, approvalId: string): readonly string[] {
  return db
    .select()
    .from(votes)
    .where(eq(votes.approvalId, approvalId))
    .orderBy(asc(votes.at))
    .all()
    .map(({ person }) => person);
}

export function addVote(tx: Tx, approvalId: string, person: string): void {
  tx.db.insert(votes).values({ approvalId, person, at: tx.now }).run();
}

export function addSignal(tx: Tx, row: Omit<typeof signals.$inferInsert, 'seq' | 'at'>): void {
  tx.db
    .insert(signals)
    .values({ ...row, at: tx.now })
    .run();
}

/** A person's abort that the controller has not handled yet. */
export function pendingAbort(db: Db, deploymentId: string): SignalRow | undefined {
  return pendingSignals(db, deploymentId).find(({ kind }) => kind === 'abort');
}

/** A person's promote of just this step. */
export function pendingPromote(db: Db, deploymentId: string, position: number): SignalRow | undefined {
  return pendingSignals(db, deploymentId).find((signal) => signal.kind !== 'abort' && signal.position === position);
}

function pendingSignals(db: Db, deploymentId: string): readonly SignalRow[] {
  return db
    .select()
    .from(signals)
    .where(and(eq(signals.deploymentId, deploymentId), isNull(signals.consumedAt)))
    .orderBy(asc(signals.seq))
    .all();
}

export function consumeSignal(tx: Tx, seq: number): void {
  tx.db.update(signals).set({ consumedAt: tx.now }).where(eq(signals.seq, seq)).run();
}
