// The automation of a target is suspended after a release was taken back: no machine deploys there until a person
// resumes it, or deploys a release that becomes live. People may act as before.

import { personOf, shortName } from '../../domain/actor.ts';
import type { TargetKey } from '../../domain/target.ts';
import { forHowLong } from '../../domain/times.ts';
import type { Db } from '../../state/database.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { dropSnapshot, getSnapshot, putSnapshot, suspensionKey } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';

export interface Suspension {
  /** As stored in rows. */
  readonly by: string;
  readonly reason: string;
  readonly since: number;
  /** The deployment that took the release back; undefined when a person suspended it. */
  readonly deploymentId: string | undefined;
}

export function readSuspension(db: Db, key: TargetKey): Suspension | undefined {
  return getSnapshot<Suspension>(db, suspensionKey(key))?.value;
}

/** The first cause counts: a second one changes nothing about what a person has to look at. */
export function suspendAutomation(tx: Tx, key: TargetKey, suspension: Omit<Suspension, 'since'>): void {
  if (readSuspension(tx.db, key)) return;
  putSnapshot(tx.db, suspensionKey(key), { ...suspension, since: tx.now } satisfies Suspension, tx.now);
  const { by, reason, deploymentId } = suspension;
  tx.audit({
    ...key,
    actor: by,
    action: 'automation-suspended',
    deploymentId,
    sentence: `the automation of ${key.service}/${key.target} is suspended: ${reason}`,
    detail: { reason },
  });
}

export function resumeAutomation(
  tx: Tx,
  key: TargetKey,
  { by, why, deploymentId }: { readonly by: string; readonly why: string; readonly deploymentId?: string | undefined },
): void {
  const suspension = readSuspension(tx.db, key);
  if (!suspension) return;
  dropSnapshot(tx.db, suspensionKey(key));
  tx.audit({
    ...key,
    actor: by,
    action: 'automation-resumed',
    deploymentId: deploymentId ?? suspension.deploymentId,
    sentence: `the automation of ${key.service}/${key.target} is resumed: ${why}`,
    detail: { suspendedBy: suspension.by, suspendedAt: suspension.since },
  });
}

export function suspensionSentence(name: string, { by, reason, since }: Suspension, now: number): string {
  return `the automation of ${name} has been suspended by ${shortName(by)} for ${forHowLong(now - since)}: ${reason}`;
}

/** Of a release that was marked bad, where the configuration does not say otherwise. */
export function suspendAfterMark(
  tx: Tx,
  { key, settings }: { readonly key: TargetKey; readonly settings: { readonly suspendAfterRollback: boolean } },
  { deploymentId, version, by, reason }: Omit<Suspension, 'since'> & { readonly version: string },
): void {
  if (!settings.suspendAfterRollback) return;
  suspendAutomation(tx, key, { by, reason: `${version} was taken back: ${reason}`, deploymentId });
}

/** A person's deployment became live: what came before it is history. */
export function resumeAfterPromotion(
  tx: Tx,
  {
    mode,
    requestedBy,
    version,
    id,
    ...key
  }: Pick<DeploymentRow, 'id' | 'mode' | 'requestedBy' | 'version' | 'service' | 'target'>,
): void {
  if (personOf(requestedBy) === undefined || (mode !== 'deploy' && mode !== 'redeploy')) return;
  const { service, target } = key;
  resumeAutomation(tx, { service, target }, { by: requestedBy, why: `${version} is live`, deploymentId: id });
}
