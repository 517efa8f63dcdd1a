// What the runner hands to each step, and how it writes that a step has begun.

import type { AuditAction } from '../../domain/audit-events.ts';
import type { PlannedStep, StepName } from '../../domain/deployment.ts';
import {
  advanceDeployment,
  beginStep,
  type DeploymentRow,
  readDeployment,
  readJournal,
  readStep,
  type StepKey,
} from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import { patiently } from '../../state/patience.ts';
import type { Tx } from '../../state/store.ts';
import { actedBy, type Core, releaseFiles, requireTarget } from '../core.ts';
import type { StepContext } from './step.ts';
import { knownStep } from './steps/named.ts';

/** One deployment being moved by this process. */
export interface Run {
  readonly core: Core;
  readonly lease: Lease;
  /** As it was when the present move began. */
  readonly row: DeploymentRow;
  /** Aborts when this process stops being the controller. */
  readonly signal: AbortSignal;
}

/** The result of a step may have taken minutes: a state that is locked for a moment is waited for. */
export function writeUnder<T>({ core, lease, signal }: Run, work: (tx: Tx) => T): Promise<T> {
  const { store } = core;
  return patiently(store.whenWritable, () => store.under(lease).write(work), signal);
}

/** Returns the present row. */
export function markBegun({ core, lease, row }: Run, key: StepKey, name: StepName): DeploymentRow {
  return core.store.under(lease).write((tx) => begin(tx, row, key, name));
}

/** Returns the present row. A step that begins again after a crash is the same to people: their buttons stay valid. */
export function begin(tx: Tx, row: DeploymentRow, key: StepKey, name: StepName): DeploymentRow {
  const isAgain = row.phase === name && readStep(tx.db, key) !== undefined;
  beginStep(tx, key, name);
  if (!isAgain) advanceDeployment(tx, row.id, { phase: name });
  tx.audit(
    eventOf(row, key.direction === 'forward' ? 'step-started' : 'undo-started', `${name}${isAgain ? ', again' : ''}`),
  );
  return readDeployment(tx.db, row.id) ?? row;
}

export function contextOf(
  { core, lease, row }: Run,
  step: PlannedStep,
  stepKey: StepKey,
  signal: AbortSignal,
): StepContext {
  const target = actedBy(requireTarget(core, row), { fence: lease.token, deployment: row.id });
  const release = releaseFiles(core, row.service, row.version) ?? {
    version: row.version,
    digest: row.digest ?? '',
    folder: '',
  };
  const sharedSince = sinceLastMove(core, stepKey) ?? core.clock.now();
  return { core, lease, target, release, deployment: row, step, stepKey, sharedSince, signal };
}

/** When the last step before this one ended that moved users. */
function sinceLastMove({ store }: Core, { deploymentId, position }: StepKey): number | undefined {
  const moves = readJournal(store.db, deploymentId).filter(
    (row) =>
      row.direction === 'forward' && row.position < position && (knownStep(row.name)?.moves ?? 'none') !== 'none',
  );
  return moves.at(-1)?.endedAt ?? undefined;
}

/** What every event about a deployment contains in addition to its action. */
export const eventOf = <Action extends AuditAction>(row: DeploymentRow, action: Action, sentence: string) => ({
  actor: 'engine',
  action,
  service: row.service,
  target: row.target,
  deploymentId: row.id,
  sentence,
});
