// The way back: every step that was begun is undone, the last one first. What cannot be undone needs a person.

import type { PlannedStep } from '../../domain/deployment.ts';
import { pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { advanceDeployment, cancelApprovals, endStep, readStep, type StepKey } from '../../state/deployments.ts';
import { isUnwritten } from '../../state/patience.ts';
import type { Tx } from '../../state/store.ts';
import { requireTarget } from '../core.ts';
import { suspendAfterMark } from '../gates/suspension.ts';
import { contextOf, eventOf, markBegun, type Run, writeUnder } from './journal.ts';
import { markTakenBack } from './mark-bad.ts';
import { noteSeen, seenInStep } from './seen-in-step.ts';
import { failed, type StepFrame, type StepResult } from './step.ts';
import { stepNamed } from './steps/named.ts';

/** Tries of an undo before a person is needed. */
const undoTries = 5;
const undoPauseMs = 1_000;

export async function backward(run: Run, planned: PlannedStep): Promise<void> {
  const { row, signal } = run;
  const { undo } = stepNamed(planned.name);
  const key: StepKey = { deploymentId: row.id, position: row.position, direction: 'unwinding' };
  if (undo === 'point-of-no-return') return halt(run, `${planned.name} cannot be undone`);
  const beganMs = run.core.clock.monotonic();
  const result =
    undo === 'nothing-to-undo' || !wasBegun(run, key) ? undefined : await undoWithRetries(run, planned, key, undo);
  if (signal.aborted && result?.kind === 'failed') return;
  if (result?.kind === 'failed') return halt(run, `${planned.name} could not be undone: ${result.sentence}`);
  const seen = result && seenInStep(run, key, { beganMs, result });
  await writeUnder(run, (tx) => {
    if (result) endStep(tx, key, 'done', planned.name);
    if (seen) noteSeen(tx, key, seen);
    tx.audit(
      result?.kind === 'done'
        ? eventOf(row, 'step-undone', `${planned.name}: ${result.sentence}`)
        : eventOf(row, 'step-passed', `${planned.name}: nothing to undo`),
    );
    advanceDeployment(tx, row.id, { position: row.position - 1 });
  });
}

/** A step that was skipped is in the journal too, and did nothing. */
function wasBegun({ core }: Run, key: StepKey): boolean {
  const forward = readStep(core.store.db, { ...key, direction: 'forward' });
  return forward !== undefined && forward.status !== 'skipped';
}

async function undoWithRetries(
  run: Run,
  planned: PlannedStep,
  key: StepKey,
  undo: (context: StepFrame) => Promise<StepResult>,
): Promise<StepResult> {
  const { core, signal } = run;
  const row = markBegun(run, key, planned.name);
  let last = failed('undo-failed', 'it was not tried');
  for (let attempt = 1; attempt <= undoTries && !signal.aborted; attempt += 1) {
    const result = await undo(contextOf({ ...run, row }, planned, key, signal)).catch((thrown: unknown) => {
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

function halt({ core, lease, row }: Run, why: string): void {
  const cause = row.cause === null ? why : `${row.cause}; ${why}`;
  core.store.under(lease).write((tx) => {
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
