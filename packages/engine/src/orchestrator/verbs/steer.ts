// Steering a running deployment: on, hold, go on, give up.

import type { DeploymentRef } from '../../api/engine.ts';
import { approvalRule } from '../../config/approval/approval.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import {
  addSignal,
  advanceDeployment,
  changeApproval,
  type DeploymentRow,
  pendingAbort,
  readApproval,
} from '../../state/deployments.ts';
import type { Core } from '../core.ts';
import { cannotSkip } from '../plan/approvals-ahead.ts';
import { knownStep, promotableSteps } from '../run/steps/named.ts';
import { vote } from './approvals.ts';
import { decide, maxReason, mayDecide, moved, note, type Refused, type Situation, unlocked, who } from './decide.ts';

/** On a pending approval, promote is an approve; `full` also skips the rest. */
export function promote(core: Core, ref: DeploymentRef, actor: Actor, full: boolean): Result<DeploymentRow> {
  return decide(core, { verb: full ? 'promote --full' : 'promote', ref, actor }, (situation) => {
    const { tx, row } = situation;
    const refusal = refusalNow(row) ?? refusalAt(situation, ref, full);
    if (refusal) return refusal;
    const isVote = stepHere(row)?.promote === 'vote';
    if (isVote && full && readApproval(tx.db, row.id, row.position)?.status !== 'approved') return undefined;
    if (full || !isVote)
      addSignal(tx, {
        deploymentId: row.id,
        kind: full ? 'promote-full' : 'promote',
        position: row.position,
        actor: actorName(actor),
      });
    moved(situation, 'promoted-on', `${who(actor)} moves ${row.version} on${full ? ' to all users' : ''}`);
    return undefined;
  });
}

function refusalNow({ direction, pausedAt, version }: DeploymentRow): Refused | undefined {
  if (pausedAt !== null) return refuse('not-allowed-now', `${version} is paused`, 'Resume it first.');
  return direction === 'forward' ? undefined : refuse('not-allowed-now', `${version} is being taken back`, '');
}

const stepHere = (row: DeploymentRow) => knownStep(row.plan?.steps[row.position]?.name);

/** What the present step takes a promote for; a vote is given here. */
function refusalAt(situation: Situation, ref: DeploymentRef, full: boolean): Refused | undefined {
  const { row } = situation;
  const step = stepHere(row);
  switch (step?.promote) {
    case 'vote':
      return vote(situation, ref);
    case 'cut-short':
      return mayDecide(situation, {}) ?? unlocked(situation) ?? (full ? approvalsAhead(situation) : undefined);
    case 'go-on':
      // Leaving a hold continues with the plan's own checks.
      return (
        (full ? mayDecide(situation, {}) : undefined) ??
        unlocked(situation) ??
        (full ? approvalsAhead(situation) : undefined)
      );
    default:
      return refuse(
        'not-allowed-now',
        `there is nothing to promote while it does "${step?.name ?? row.phase}"`,
        `Steps that can be moved on: ${promotableSteps().join(', ')}.`,
      );
  }
}

/** One person's word does not replace the approvals of several, nor the time that people have to look. */
function approvalsAhead({ target, row }: Situation): Refused | undefined {
  if (!cannotSkip(row, target.settings.approval)) return undefined;
  const { count, groups, minimumWaitMs } = approvalRule(target.settings.approval, row.plan?.risk);
  const ofGroups = groups.map(({ name, count: some }) => `${some} of ${name}`).join(' and ');
  const needs =
    count > 1 ? `${count} people` : ofGroups !== '' ? ofGroups : `${forHowLong(minimumWaitMs)} before it counts`;
  return refuse(
    'approvals-needed',
    `the approval of ${row.version} that comes next needs ${needs}, so it cannot be skipped`,
    'Promote without `--full`, then approve.',
  );
}

export function pause(core: Core, ref: DeploymentRef, actor: Actor): Result<DeploymentRow> {
  return decide(core, { verb: 'pause', ref, actor }, (situation) => {
    const { tx, row } = situation;
    if (row.pausedAt !== null)
      return refuse('already-decided', `${who(row.pausedBy ?? 'engine')} paused it at ${clockTime(row.pausedAt)}`);
    if (row.direction !== 'forward') return refuse('not-allowed-now', 'going back is not paused', '');
    advanceDeployment(tx, row.id, { pausedAt: tx.now, pausedBy: actorName(actor) });
    note(situation, 'paused', `${who(actor)} pauses ${row.version}`);
    return undefined;
  });
}

export function resume(core: Core, ref: DeploymentRef, actor: Actor): Result<DeploymentRow> {
  return decide(core, { verb: 'resume', ref, actor }, (situation) => {
    const { tx, row } = situation;
    if (row.pausedAt === null) return refuse('not-allowed-now', `${row.version} is not paused`);
    advanceDeployment(tx, row.id, { pausedAt: null, pausedBy: null });
    const approval = readApproval(tx.db, row.id, row.position);
    if (approval?.status === 'pending')
      changeApproval(tx, approval.id, { deadlineAt: approval.deadlineAt + tx.now - row.pausedAt });
    note(situation, 'resumed', `${who(actor)} resumes ${row.version} after ${forHowLong(tx.now - row.pausedAt)}`);
    return undefined;
  });
}

/** Before full promotion this is an abort, after it a rollback: the flow is the same, the ending's name is not. */
export function abort(core: Core, ref: DeploymentRef, actor: Actor, reason?: string): Result<DeploymentRow> {
  return decide(core, { verb: 'abort', ref, actor }, (situation) => {
    const { row } = situation;
    if (row.direction === 'unwinding')
      return refuse('already-decided', `${row.version} is being taken back already: ${row.cause ?? ''}`);
    return giveUp(situation, reason);
  });
}

/** Shared with `rollback`, which takes a running deployment back. */
export function giveUp(situation: Situation, reason: string | undefined): Refused | undefined {
  const { tx, row, actor } = situation;
  const before = pendingAbort(tx.db, row.id);
  if (before)
    return refuse(
      'already-decided',
      `${shortName(before.actor)} gave ${row.version} up at ${clockTime(before.at)} already`,
      'The driver takes it back.',
    );
  const text = reason?.trim().slice(0, maxReason);
  addSignal(tx, {
    deploymentId: row.id,
    kind: 'abort',
    position: row.position,
    actor: actorName(actor),
    reason: text || null,
  });
  moved(
    situation,
    row.promotedAt === null ? 'abort-asked' : 'rollback-asked',
    `${who(actor)} ${row.promotedAt === null ? 'aborts' : 'takes back'} ${row.version}${text ? `: ${text}` : ''}`,
  );
  return undefined;
}
