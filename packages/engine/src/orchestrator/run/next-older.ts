// A way back that found its release unfit goes on to the next older one: people asked to be off the live release.

import type { EndCode } from '../../domain/reasons.ts';
import type { DeploymentRow } from '../../state/deployments.ts';
import { getSnapshot, insteadKey, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { type Core, requireTarget } from '../core.ts';
import { beginWayBack } from '../verbs/begin.ts';
import { rollbackTarget } from '../verbs/rollback-target.ts';

/** Releases that one request for a rollback may try. */
const mostTries = 3;

/** Of a rollback for which any good release will do: those that were tried, oldest first. */
interface Instead {
  readonly tried: readonly string[];
}

/** What says that the release itself is unfit; a load balancer or state that blocks one blocks every release. */
const unfit: ReadonlySet<EndCode> = new Set<EndCode>([
  'side-unhealthy',
  'side-crashed',
  'never-healthy',
  'smoke-test-failed',
  'release-modified',
  'release-missing',
  'release-invalid',
  'schema-incompatible',
  'start-failed',
  'exec-not-found',
]);

/** The request named no version: another one will do as well. */
export function allowInstead(tx: Tx, deploymentId: string, tried: readonly string[] = []): void {
  putSnapshot(tx.db, insteadKey(deploymentId), { tried } satisfies Instead, tx.now);
}

/** In the transaction that ends the rollback. */
export function goOnToNextOlder(
  tx: Tx,
  core: Core,
  row: DeploymentRow,
  cause: { readonly code: EndCode; readonly sentence: string },
): void {
  const instead = getSnapshot<Instead>(tx.db, insteadKey(row.id))?.value;
  if (row.mode !== 'rollback' || !instead || !unfit.has(cause.code)) return;
  const tried = [...instead.tried, row.version];
  const target = requireTarget(core, row);
  const next = rollbackTarget(core, target, undefined, tried);
  if (!next || tried.length >= mostTries) return;
  const begun = beginWayBack(core, tx, target, {
    mode: 'rollback',
    ...next,
    requestedBy: row.requestedBy,
    reason: `${row.version} could not be restored: ${cause.sentence}`,
  });
  allowInstead(tx, begun.id, tried);
}
