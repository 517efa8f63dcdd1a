// The interpreter of plans. It journals `started` and `done` around every step, so that a killed process resumes or
// unwinds from what is written and never guesses.

import type { Plan, PlannedStep } from '../../domain/deployment.ts';
import { deadline } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import {
  advanceDeployment,
  type DeploymentRow,
  endStep,
  readDeployment,
  type StepKey,
} from '../../state/deployments.ts';
import type { Lease } from '../../state/leases.ts';
import type { Tx } from '../../state/store.ts';
import { heldByFreeze } from '../calendar/hold.ts';
import type { Core } from '../core.ts';
import { registerAndPlan } from '../plan/register.ts';
import { failingRequests } from './failing-requests.ts';
import { finish } from './finish.ts';
import { interruptible } from './interruption.ts';
import { contextOf, eventOf, markBegun, type Run, writeUnder } from './journal.ts';
import { beginNext, keyOf, nextMove } from './next-move.ts';
import { noteSeen, seenInStep } from './seen-in-step.ts';
import { takeAbort, takeSignal } from './signals.ts';
import type { Step, StepContext, StepResult } from './step.ts';
import { knownStep, stepNamed } from './steps/named.ts';
import { heldByPause } from './steps/watching.ts';
import { backward, turnBack } from './unwind.ts';

/** Moves one deployment until it is finished, or until `signal` aborts because the lease has ended. */
export async function runDeployment(core: Core, lease: Lease, id: string, signal: AbortSignal): Promise<void> {
  let begun: DeploymentRow | undefined;
  while (!signal.aborted) {
    const row: DeploymentRow | undefined = begun ?? readDeployment(core.store.db, id);
    if (!row) return;
    const run: Run = { core, lease, row, signal };
    const move = nextMove(row);
    switch (move.kind) {
      case 'plan':
        await plan(run);
        break;
      case 'run':
        begun = await forward(run, move.step, { isBegun: begun !== undefined });
        break;
      case 'undo':
        begun = await backward(run, move.step, { isBegun: begun !== undefined });
        break;
      case 'finish': {
        const note = await failingRequests(run);
        if (!signal.aborted) finish(run, note);
        break;
      }
      case 'none':
        return;
      default:
        return move satisfies never;
    }
  }
}

async function plan(run: Run): Promise<void> {
  const { core, lease, row } = run;
  const result = await interruptible(run, (stop) => registerAndPlan(core, lease, row, stop));
  await writeUnder(run, (tx) => {
    const ending = takeAbort(tx, row) ?? result;
    if (ending.kind === 'failed') turnBack(tx, run, ending);
  });
}

/** @returns the row when the next move has begun already: the end of a step and the begin of the next are one commit */
async function forward(
  run: Run,
  planned: PlannedStep,
  { isBegun }: { readonly isBegun: boolean },
): Promise<DeploymentRow | undefined> {
  const key = keyOf(run.row);
  const begun = isBegun ? run : { ...run, row: markBegun(run, key, planned.name) };
  const beganMs = run.core.clock.monotonic();
  const result = await interruptible(begun, (stop) =>
    perform(stepNamed(planned.name), contextOf(begun, planned, key, stop)),
  );
  const seen = seenInStep(begun, key, { beganMs, result });
  return writeUnder(begun, (tx) => {
    if (!settle(tx, begun, key, result)) return undefined;
    noteSeen(tx, key, seen);
    return beginNext(tx, run);
  });
}

/**
 * The end of a step is one transaction: a person's abort takes precedence over any result of the step.
 * @returns whether it has ended
 */
function settle(tx: Tx, run: Run, key: StepKey, result: StepResult): boolean {
  const ending = takeAbort(tx, run.row) ?? result;
  if (ending.kind === 'interrupted') return false; // the next controller begins this step again
  const name = run.row.plan?.steps[key.position]?.name ?? '';
  const sentence = `${name}: ${ending.sentence}`;
  if (ending.kind === 'failed') {
    endStep(tx, key, 'failed', name);
    tx.audit({ ...eventOf(run.row, 'step-failed', sentence), code: ending.code });
    turnBack(tx, run, ending);
    return true;
  }
  endStep(tx, key, 'done', name);
  tx.audit(eventOf(run.row, 'step-done', sentence));
  takeSignal(tx, run.row, ending.word);
  moveOn(tx, run.row, ending);
  return true;
}

async function perform(step: Step, context: StepContext): Promise<StepResult> {
  const held = step.moves === 'none' ? undefined : ((await heldByPause(context)) ?? (await heldByFreeze(context)));
  if (held) return held;
  if (step.limitMs === 'waits') return step.run(context);
  const limit = deadline(step.limitMs, context.signal);
  try {
    return await step.run({ ...context, signal: limit });
  } catch (thrown) {
    if (!limit.aborted || context.signal.aborted) throw thrown;
    throw new BlueGreenError('step-timeout', `${step.name} took longer than ${step.limitMs / 1000} s`, {}, thrown);
  }
}

function moveOn(tx: Tx, row: DeploymentRow, result: StepResult): void {
  const next = result.kind === 'skip-to-promote' ? promotePosition(row.plan, row.position) : row.position + 1;
  for (let position = row.position + 1; position < next; position += 1)
    endStep(
      tx,
      { deploymentId: row.id, position, direction: 'forward' },
      'skipped',
      row.plan?.steps[position]?.name ?? '',
    );
  advanceDeployment(tx, row.id, { position: next });
}

function promotePosition(plan: Plan | null, from: number): number {
  const found =
    plan?.steps.findIndex(({ name }, position) => position > from && knownStep(name)?.moves === 'all') ?? -1;
  return found === -1 ? from + 1 : found;
}
