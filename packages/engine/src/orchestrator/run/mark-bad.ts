// A release that users were taken off for cause is marked bad by its digest, under whatever version it comes again: no
// machine deploys it, and no way back leads to it, until a person clears the mark.

import { isMonitor } from '../../domain/actor.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { type DeploymentRow, readDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { addQuarantine, readRouting } from '../../state/targets.ts';
import { shareOf } from '../routing/routing.ts';

/**
 * What says that the release is bad. A balancer, a schema, or a missing answer says nothing about it, nor does an end
 * that the engine or the machine has caused.
 */
const forCause: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'canary-failed',
  'side-unhealthy',
  'side-crashed',
  'smoke-test-failed',
  'not-proved',
]);

interface Cause {
  readonly code: ReasonCode;
  readonly sentence: string;
  /** As stored in rows. */
  readonly actor: string;
}

/**
 * In the transaction that turns a deployment back: the mark is written even if the controller is killed later.
 * @returns whether it was marked
 */
export function markTakenBack(tx: Tx, before: DeploymentRow, cause: Cause): boolean {
  const row = readDeployment(tx.db, before.id) ?? before;
  // A way back that is given up, or cannot be proved, says nothing against the release that it leads to.
  const causes = row.mode === 'rollback' ? new Set([...forCause].filter((code) => code !== 'not-proved')) : forCause;
  const byWord =
    (cause.code === 'given-up' || cause.code === 'rejected') && row.promotedAt !== null && row.mode !== 'rollback';
  // An alert is a cause, as the judge's verdict is; a person's abort is none.
  const byAlert = cause.code === 'given-up' && isMonitor(cause.actor) && row.mode !== 'rollback' && hadUsers(tx, row);
  if (!byWord && !byAlert && !(causes.has(cause.code) && hadUsers(tx, row))) return false;
  return markBad(tx, row, { digest: row.digest, version: row.version, remaining: row.fromDigest, cause });
}

/** `remaining`: what users get instead; a move between two sides of one digest marks nothing. */
export function markBad(
  tx: Tx,
  { id, service, target }: Pick<DeploymentRow, 'id' | 'service' | 'target'>,
  bad: {
    readonly digest: string | null;
    readonly version: string;
    readonly remaining: string | null;
    readonly cause: Omit<Cause, 'code'>;
  },
): boolean {
  const { digest, version, remaining, cause } = bad;
  if (digest === null || digest === '' || digest === remaining) return false;
  addQuarantine(tx, { digest, service, version, reason: cause.sentence, by: cause.actor, at: tx.now });
  tx.audit({
    service,
    target,
    actor: cause.actor,
    action: 'release-marked-bad',
    deploymentId: id,
    sentence: `${version} (${digest.slice(0, 12)}) is marked bad: ${cause.sentence}`,
    detail: { version, digest },
  });
  return true;
}

/** Asked before anything is undone: the intent holds the share that the new side has, or is about to have. */
const hadUsers = (tx: Tx, row: DeploymentRow): boolean =>
  row.promotedAt !== null || shareOf(readRouting(tx.db, row).intent, row.slot) > 0;
