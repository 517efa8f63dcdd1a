// The way back: every step that was begun is undone, the last one first. What cannot be undone needs a person.

import type { PlannedStep } from '../../domain/deployment.ts';
import { pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import {
  advanceDeployment,
  cancelApprovals,
  type DeploymentRow,
  endStep,
  type StepKey,
} from '../../state/deployments.ts';
import { isUnwritten } from '../../state/patience.ts';
import type { Tx } from '../../state/store.ts';
import { requireTarget } from '../core.ts';
import { suspendAfterMark } from '../gates/suspension.ts';
import { failingRequests } from './failing-requests.ts';
import { contextOf, eventOf, markBegun, type Run, writeUnder } from './journal.ts';
import { markTakenBack } from './mark-bad.ts';
import { beginNext, keyOf, undoOf } from './next-move.ts';
import { noteSeen, seenInStep } from './seen-in-step.ts';
import { failed, type StepFrame, type StepResult } from './step.ts';
import { stepNamed } from './steps/named.ts';

/** Tries of an undo before a person is needed. */
const undoTries = 5;
const undoPauseMs = 1_000;

/** @returns the row when the next undo has begun already: it is one commit with the end of this one */
export async function backward(
  run: Run,
  planned: PlannedStep,
  { isBegun }: { readonly isBegun: boolean },
): Promise<DeploymentRow | undefined> {
  const { core, row, signal } = run;
  const { name } = stepNamed(planned.name);
  const undo = undoOf(core.store.db, row, planned);
  if (undo === undefined || undo === 'nothing-to-undo') return writeUnder(run, (tx) => beginNext(tx, run));
  if (undo === 'point-of-no-return') return halt(run, `${name} cannot be undone`);
  const key = keyOf(row);
  const beganMs = core.clock.monotonic();
  const begun = isBegun ? run : { ...run, row: markBegun(run, key, name) };
  const result = await undoWithRetries(begun, planned, key, undo);
  if (result.kind === 'failed')
    return signal.aborted ? undefined : halt(run, `${name} could not be undone: ${result.sentence}`);
  const seen = seenInStep(run, key, { beganMs, result });
  return writeUnder(run, (tx) => {
    endStep(tx, key, 'done', name);
    noteSeen(tx, key, seen);
    tx.audit(eventOf(row, 'step-undone', `${name}: ${result.sentence}`));
    advanceDeployment(tx, row.id, { position: row.position - 1 });
    return beginNext(tx, run);
  });
}

async function undoWithRetries(
  run: Run,
  planned: PlannedStep,
  key: StepKey,
  undo: (context: StepFrame) => Promise<StepResult>,
): Promise<StepResult> {
  const { core, row, signal } = run;
  let last = failed('undo-failed', 'it was not tried');
  for (let attempt = 1; attempt <= undoTries && !signal.aborted; attempt += 1) {
    const result = await undo(contextOf(run, planned, key, signal)).catch((thrown: unknown) => {
      if (isUnwritten(thrown)) throw thrown;
      return failed('undo-failed', messageOf(thrown));
    });
    if (result.kind === 'done') return result;
    last = result;
    core.log.warn({ deployment: row.id, step: planned.name, attempt, problem: result.sentence }, 'undo failed');
    await pause(core.clock, undoPauseMs * attempt, signal);
  }
  return last.kind === 'failed' ? last : failed('undo-failed', last.sentence);
}

/** From here on steps are undone, the one at hand first: it may have done half of its work. */
export function turnBack(tx: Tx, { core, row }: Run, result: Extract<StepResult, { kind: 'failed' }>): void {
  const lastStep = (row.plan?.steps.length ?? 1) - 1;
  const actor = result.actor ?? 'engine';
  if (markTakenBack(tx, row, { ...result, actor }))
    suspendAfterMark(tx, requireTarget(core, row), {
      deploymentId: row.id,
      version: row.version,
      by: actor,
      reason: result.sentence,
    });
  advanceDeployment(tx, row.id, {
    direction: 'unwinding',
    position: Math.min(row.position, lastStep),
    causeCode: result.code,
    cause: result.sentence,
    causeActor: result.actor ?? 'engine',
    pausedAt: null,
    pausedBy: null,
  });
  cancelApprovals(tx, row.id);
  tx.audit({ ...eventOf(row, 'turned-back', result.sentence), code: result.code, actor: result.actor ?? 'engine' });
  core.log.warn({ deployment: row.id, code: result.code, cause: result.sentence }, 'turning back');
}

async function halt(run: Run, why: string): Promise<undefined> {
  const { core, lease, row } = run;
  const note = await failingRequests(run);
  if (run.signal.aborted) return undefined;
  const cause = row.cause === null ? why : `${row.cause}; ${why}`;
  core.store.under(lease).write((tx) => {
    note?.(tx);
    advanceDeployment(tx, row.id, {
      phase: 'finished',
      outcome: 'halted',
      finishedAt: tx.now,
      cause,
      causeCode: 'undo-failed',
    });
    tx.audit({
      ...eventOf(row, 'deployment-finished', `needs a person: ${why}`),
      code: 'undo-failed',
      detail: { outcome: 'halted', cause: row.cause },
    });
  });
  core.log.error({ deployment: row.id, why }, 'halted');
}
