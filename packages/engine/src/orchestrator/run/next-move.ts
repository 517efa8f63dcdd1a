// What comes next in a deployment, from its row only; and the begin of it in the transaction that ended the move before.
// Each commit waits for the disk, and on the way back users wait for the commits.

import type { PlannedStep } from '../../domain/deployment.ts';
import type { Db } from '../../state/database.ts';
import {
  advanceDeployment,
  type DeploymentRow,
  readDeployment,
  readStep,
  type StepKey,
} from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { begin, eventOf, type Run } from './journal.ts';
import type { Step } from './step.ts';
import { knownStep } from './steps/named.ts';

export type Move =
  | { readonly kind: 'plan' }
  | { readonly kind: 'run' | 'undo'; readonly step: PlannedStep }
  | { readonly kind: 'finish' }
  | { readonly kind: 'none' };

export function nextMove(row: Pick<DeploymentRow, 'plan' | 'position' | 'direction' | 'finishedAt'>): Move {
  if (row.finishedAt !== null) return { kind: 'none' };
  if (row.plan === null) return row.direction === 'forward' ? { kind: 'plan' } : { kind: 'finish' };
  const step = row.plan.steps[row.position];
  if (!step) return { kind: 'finish' };
  return { kind: row.direction === 'forward' ? 'run' : 'undo', step };
}

/** The step of the row's position, in the row's direction. */
export const keyOf = ({ id, position, direction }: DeploymentRow): StepKey => ({
  deploymentId: id,
  position,
  direction,
});

/**
 * Begins the next step or undo, past those that have nothing to undo.
 * @returns the row then; undefined when something else comes next, and when this process stops being the controller
 */
export function beginNext(tx: Tx, { row: { id }, signal }: Pick<Run, 'row' | 'signal'>): DeploymentRow | undefined {
  if (signal.aborted) return undefined;
  const most = (readDeployment(tx.db, id)?.plan?.steps.length ?? 0) + 1;
  for (let passed = 0; passed < most; passed += 1) {
    const row = readDeployment(tx.db, id);
    const move = row && nextMove(row);
    if (!row || (move?.kind !== 'run' && move?.kind !== 'undo')) return undefined;
    if (move.kind === 'undo') {
      const undo = undoOf(tx.db, row, move.step);
      if (undo === undefined || undo === 'point-of-no-return') return undefined;
      if (undo === 'nothing-to-undo') {
        passStep(tx, row, move.step);
        continue;
      }
    }
    return begin(tx, row, keyOf(row), move.step.name);
  }
  return undefined;
}

function passStep(tx: Tx, row: DeploymentRow, { name }: PlannedStep): void {
  tx.audit(eventOf(row, 'step-passed', `${name}: nothing to undo`));
  advanceDeployment(tx, row.id, { position: row.position - 1 });
}

/** Undefined for a step that only another version of this program knows. */
export function undoOf(db: Db, row: DeploymentRow, { name }: PlannedStep): Step['undo'] | undefined {
  const undo = knownStep(name)?.undo;
  return typeof undo === 'function' && !wasBegun(db, row) ? 'nothing-to-undo' : undo;
}

/** A step that was skipped is in the journal too, and did nothing. */
function wasBegun(db: Db, row: DeploymentRow): boolean {
  const forward = readStep(db, { ...keyOf(row), direction: 'forward' });
  return forward !== undefined && forward.status !== 'skipped';
}
