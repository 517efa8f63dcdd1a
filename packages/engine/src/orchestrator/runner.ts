// The interpreter of plans. It journals `started` and `done` around every step, so that a killed process resumes or
// unwinds from what is written and never guesses.

import { deadline, pause } from '../lib/clock.ts';
import { BlueGreenError, hasCode, messageOf } from '../lib/errors.ts';
import {
  advanceDeployment,
  beginStep,
  type DeploymentRow,
  endStep,
  consumeSignal,
  pendingAbort,
  readDeployment,
  readStep,
  type StepKey,
} from '../state/deployments.ts';
import type { Lease } from '../state/leases.ts';
import { shortName } from './actor.ts';
import { mustTarget, releaseFiles, type Core } from './core.ts';
import type { StepStatus } from './deployment.ts';
import { finish } from './finish.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { registerAndPlan } from './register.ts';
import type { Step, StepContext, StepFrame, StepResult } from './step.ts';
import { stepNamed } from './steps/registry.ts';

/** Tries of an undo before a person is needed. */
const undoTries = 5;
const undoPauseMs = 1_000;

export type Move =
  | { readonly kind: 'plan' }
  | { readonly kind: 'run' | 'undo'; readonly step: PlannedStep }
  | { readonly kind: 'finish' }
  | { readonly kind: 'none' };

/** What comes next, from the row alone. */
export function nextMove(row: Pick<DeploymentRow, 'plan' | 'position' | 'direction' | 'finishedAt'>): Move {
  if (row.finishedAt !== null) return { kind: 'none' };
  if (row.plan === null) return row.direction === 'forward' ? { kind: 'plan' } : { kind: 'finish' };
  const step = row.plan.steps[row.position];
  if (!step) return { kind: 'finish' };
  return { kind: row.direction === 'forward' ? 'run' : 'undo', step };
}

/** Moves one deployment until it is finished, or until `signal` aborts because this process stops driving. */
export async function runDeployment(core: Core, lease: Lease, id: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const row = readDeployment(core.store.db, id);
    if (!row) return;
    const move = nextMove(row);
    switch (move.kind) {
      case 'plan':
        await planOrFail(core, lease, row, signal);
        break;
      case 'run':
        await forward(core, lease, row, move.step, signal);
        break;
      case 'undo':
        await backward(core, lease, row, move.step, signal);
        break;
      case 'finish':
        finish(core, lease, row);
        return;
      case 'none':
        return;
      default:
        return move satisfies never;
    }
  }
}

async function planOrFail(core: Core, lease: Lease, row: DeploymentRow, signal: AbortSignal): Promise<void> {
  const result = await interruptible({ core, lease, row, signal }, (stop) => registerAndPlan(core, lease, row, stop));
  if (result.kind === 'failed') core.store.under(lease).write((tx) => turnBack(tx, core, row, result));
}

async function forward(core: Core, lease: Lease, row: DeploymentRow, planned: PlannedStep, signal: AbortSignal): Promise<void> {
  const step = stepNamed(planned.name);
  const key: StepKey = { deploymentId: row.id, position: row.position, direction: 'forward' };
  markBegun(core, lease, row, key, planned.name);
  const fresh = readDeployment(core.store.db, row.id) ?? row;
  const result = await interruptible({ core, lease, row: fresh, signal }, (stop) => perform(step, contextOf(core, lease, fresh, planned, key, stop)));
  if (result.kind === 'failed' && result.code === 'interrupted') return; // the next driver begins this step again
  core.store.under(lease).write((tx) => {
    const status: StepStatus = result.kind === 'failed' ? 'failed' : 'done';
    endStep(tx, key, status, planned.name);
    tx.audit(eventOf(row, `step-${status}`, `${planned.name}: ${result.sentence}`, result));
    if (result.kind === 'failed') turnBack(tx, core, row, result);
    else moveOn(tx, row, result);
  });
}

async function backward(core: Core, lease: Lease, row: DeploymentRow, planned: PlannedStep, signal: AbortSignal): Promise<void> {
  const { undo } = stepNamed(planned.name);
  const key: StepKey = { deploymentId: row.id, position: row.position, direction: 'unwinding' };
  if (undo === 'point-of-no-return') return halt(core, lease, row, `${planned.name} cannot be undone`);
  const begun = readStep(core.store.db, { ...key, direction: 'forward' }) !== undefined;
  const result = undo === 'nothing-to-undo' || !begun ? undefined : await undoWithRetries(core, lease, row, { planned, key, undo }, signal);
  if (signal.aborted && result?.kind !== 'done' && result !== undefined) return;
  if (result?.kind === 'failed') return halt(core, lease, row, `${planned.name} could not be undone: ${result.sentence}`);
  core.store.under(lease).write((tx) => {
    if (result) endStep(tx, key, 'done', planned.name);
    if (result) tx.audit(eventOf(row, 'step-undone', `${planned.name}: ${result.sentence}`, result));
    else tx.audit(eventOf(row, 'step-passed', `${planned.name}: nothing to undo`));
    advanceDeployment(tx, row.id, { position: row.position - 1 });
  });
}

interface Undo {
  readonly planned: PlannedStep;
  readonly key: StepKey;
  readonly undo: (context: StepFrame) => Promise<StepResult>;
}

async function undoWithRetries(core: Core, lease: Lease, row: DeploymentRow, { planned, key, undo }: Undo, signal: AbortSignal): Promise<StepResult> {
  markBegun(core, lease, row, key, planned.name);
  let last = 'it was not tried';
  for (let attempt = 1; attempt <= undoTries && !signal.aborted; attempt += 1) {
    try {
      const result = await undo(contextOf(core, lease, row, planned, key, signal));
      if (result.kind !== 'failed') return result;
      last = result.sentence;
    } catch (thrown) {
      if (hasCode(thrown, 'fenced-out')) throw thrown;
      last = messageOf(thrown);
    }
    core.log.warn({ deployment: row.id, step: planned.name, attempt, problem: last }, 'undo failed');
    await pause(core.clock, undoPauseMs * attempt, signal);
  }
  return { kind: 'failed', code: 'undo-failed', sentence: last };
}

function contextOf(core: Core, lease: Lease, row: DeploymentRow, step: PlannedStep, stepKey: StepKey, signal: AbortSignal): StepContext {
  const target = mustTarget(core, row);
  const release = releaseFiles(core, row.service, row.version) ?? { version: row.version, digest: row.digest ?? '', folder: '' };
  // The registry hands each step the planned step of its own name.
  return { core, lease, target, release, deployment: row, step: step as never, stepKey, signal };
}

async function perform(step: Step, context: StepContext): Promise<StepResult> {
  if (step.limitMs === 'waits') return step.run(context);
  const limit = deadline(step.limitMs, context.signal);
  try {
    return await step.run({ ...context, signal: limit });
  } catch (thrown) {
    if (!limit.aborted || context.signal.aborted) throw thrown;
    throw new BlueGreenError('step-timeout', `${step.name} took longer than ${step.limitMs / 1000} s`, {}, thrown);
  }
}

interface Interruption {
  readonly core: Core;
  readonly lease: Lease;
  readonly row: DeploymentRow;
  readonly signal: AbortSignal;
}

/** Runs the work to its end; a person's abort, or the end of driving, makes it end early. Its effects are always awaited. */
async function interruptible({ core, lease, row, signal }: Interruption, work: (stop: AbortSignal) => Promise<StepResult>): Promise<StepResult> {
  const over = new AbortController();
  const stop = new AbortController();
  const watching = watchForAbort(core, row, AbortSignal.any([signal, over.signal]), () => stop.abort());
  let result: StepResult;
  try {
    result = await work(AbortSignal.any([signal, stop.signal]));
  } catch (thrown) {
    if (hasCode(thrown, 'fenced-out')) throw thrown;
    result = thrown instanceof BlueGreenError ? { kind: 'failed', code: thrown.code, sentence: thrown.message } : { kind: 'failed', code: 'fault', sentence: messageOf(thrown) };
    if (!signal.aborted && !stop.signal.aborted) core.log.error({ deployment: row.id, err: thrown }, 'step failed');
  } finally {
    over.abort();
    await watching;
  }
  if (signal.aborted && result.kind === 'failed') return { kind: 'failed', code: 'interrupted', sentence: 'this process stopped driving' };
  return takeAbort(core, lease, row) ?? result;
}

async function watchForAbort(core: Core, row: DeploymentRow, signal: AbortSignal, abort: () => void): Promise<void> {
  while (!signal.aborted) {
    if (pendingAbort(core.store.db, row.id)) return abort();
    await core.wake.changed(1_000, signal);
  }
}

/** A person's abort wins over whatever the step came to meanwhile. */
function takeAbort(core: Core, lease: Lease, row: DeploymentRow): StepResult | undefined {
  const signal = pendingAbort(core.store.db, row.id);
  if (!signal) return undefined;
  core.store.under(lease).write((tx) => {
    consumeSignal(tx, signal.seq);
    tx.audit({ ...eventOf(row, 'signal-taken', `${shortName(signal.actor)} gave it up${signal.reason ? `: ${signal.reason}` : ''}`), actor: signal.actor });
  });
  const sentence = `${row.promotedAt === null ? 'aborted' : 'taken back'} by ${shortName(signal.actor)}${signal.reason ? `: ${signal.reason}` : ''}`;
  return { kind: 'failed', code: 'given-up', sentence, actor: signal.actor };
}

type Tx = Parameters<Parameters<Core['store']['write']>[0]>[0];

function markBegun(core: Core, lease: Lease, row: DeploymentRow, key: StepKey, name: string): void {
  core.store.under(lease).write((tx) => {
    beginStep(tx, key, name);
    advanceDeployment(tx, row.id, { phase: name as PlannedStep['name'] });
    tx.audit(eventOf(row, key.direction === 'forward' ? 'step-started' : 'undo-started', name));
  });
}

function moveOn(tx: Tx, row: DeploymentRow, result: StepResult): void {
  const next = result.kind === 'skip-to-promote' ? promotePosition(row.plan, row.position) : row.position + 1;
  for (let position = row.position + 1; position < next; position += 1)
    endStep(tx, { deploymentId: row.id, position, direction: 'forward' }, 'skipped', row.plan?.steps[position]?.name ?? '');
  advanceDeployment(tx, row.id, { position: next });
}

function promotePosition(plan: Plan | null, from: number): number {
  const found = plan?.steps.findIndex(({ name }, position) => position > from && name === 'promote') ?? -1;
  return found === -1 ? from + 1 : found;
}

/** From here on steps are undone, the one at hand first: it may have done half of its work. */
function turnBack(tx: Tx, core: Core, row: DeploymentRow, result: Extract<StepResult, { kind: 'failed' }>): void {
  advanceDeployment(tx, row.id, {
    direction: 'unwinding',
    causeCode: result.code,
    cause: result.sentence,
    causeActor: result.actor ?? 'engine',
    pausedAt: null,
    pausedBy: null,
  });
  tx.audit({ ...eventOf(row, 'turned-back', result.sentence, result), actor: result.actor ?? 'engine' });
  core.log.warn({ deployment: row.id, code: result.code, cause: result.sentence }, 'turning back');
}

function halt(core: Core, lease: Lease, row: DeploymentRow, why: string): void {
  core.store.under(lease).write((tx) => {
    tx.audit({ ...eventOf(row, 'deployment-finished', `needs a person: ${why}`), code: 'halted', detail: { outcome: 'halted', cause: row.cause } });
    advanceDeployment(tx, row.id, { phase: 'finished', outcome: 'halted', finishedAt: tx.now, cause: `${row.cause ?? ''}; ${why}`, causeCode: 'undo-failed' });
  });
  core.log.error({ deployment: row.id, why }, 'halted');
}

function eventOf(row: DeploymentRow, action: string, sentence: string, result?: StepResult) {
  return {
    actor: 'engine',
    action,
    service: row.service,
    target: row.target,
    deploymentId: row.id,
    sentence,
    code: result?.kind === 'failed' ? result.code : undefined,
  };
}
