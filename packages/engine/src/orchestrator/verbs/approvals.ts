// Approvals: given, refused, given more time. Bound to the plan that they were asked for.

import type { DeploymentRef } from '../../api/engine.ts';
import { type Actor, actorName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { clockTime } from '../../domain/times.ts';
import { addVote, changeApproval, type DeploymentRow, votesOf } from '../../state/deployments.ts';
import type { Core } from '../core.ts';
import { approveInEmergency } from './break-glass.ts';
import { decide, maxReason, mayDecide, moved, type Refused, type Situation, unlocked, who } from './decide.ts';
import { pendingApproval, refusedNow, tooEarly } from './pending-approval.ts';

const extendMs = 30 * 60_000;

export function approve(
  core: Core,
  ref: DeploymentRef,
  actor: Actor,
  { breakGlass }: { readonly breakGlass?: string | undefined } = {},
): Result<DeploymentRow> {
  const verb = breakGlass === undefined ? 'approve' : 'approve --break-glass';
  return decide(core, { verb, ref, actor, tolerateStale: true }, (situation) =>
    breakGlass === undefined ? vote(situation, ref) : approveInEmergency(situation, ref, breakGlass),
  );
}

export function reject(core: Core, ref: DeploymentRef, actor: Actor, reason: string): Result<DeploymentRow> {
  return decide(core, { verb: 'reject', ref, actor, tolerateStale: true }, (situation) => {
    const { tx, row } = situation;
    const approval = pendingApproval(situation, ref);
    if ('ok' in approval) return approval;
    const refusal = mayDecide(situation, { asRequester: true });
    if (refusal) return refusal;
    if (reason.trim() === '') return refuse('reason-missing', 'a reject needs its reason', 'Say in a few words why.');
    const text = reason.trim().slice(0, maxReason);
    changeApproval(tx, approval.id, {
      status: 'rejected',
      decidedBy: actorName(actor),
      decidedAt: tx.now,
      reason: text,
    });
    moved(situation, 'rejected', `${who(actor)} rejects ${row.version}: ${text}`);
    return undefined;
  });
}

export function extend(core: Core, ref: DeploymentRef, actor: Actor): Result<DeploymentRow> {
  return decide(core, { verb: 'extend', ref, actor, tolerateStale: true }, (situation) => {
    const approval = pendingApproval(situation, ref);
    if ('ok' in approval) return approval;
    // More time is part of the decision: the requester of the deployment must not keep its approval open for ever.
    const refusal = mayDecide(situation, {});
    if (refusal) return refusal;
    const deadlineAt = Math.min(
      Math.max(approval.deadlineAt, situation.tx.now) + extendMs,
      approval.askedAt + 7 * 24 * 3_600_000,
    );
    changeApproval(situation.tx, approval.id, { deadlineAt });
    moved(situation, 'approval-extended', `${who(actor)} gives it until ${clockTime(deadlineAt)}`);
    return undefined;
  });
}

export function vote(situation: Situation, ref: DeploymentRef): Refused | undefined {
  const { tx, row, actor } = situation;
  const approval = pendingApproval(situation, ref);
  if ('ok' in approval) return approval;
  const refusal =
    mayDecide(situation, {}) ?? unlocked(situation) ?? tooEarly(situation, approval) ?? refusedNow(situation, approval);
  if (refusal) return refusal;
  const person = actorName(actor);
  if (votesOf(tx.db, approval.id).includes(person))
    return refuse('already-decided', `${who(actor)} has approved already; ${approval.needed} people are needed`);
  addVote(tx, approval.id, person);
  const given = votesOf(tx.db, approval.id).length;
  if (given >= approval.needed)
    changeApproval(tx, approval.id, { status: 'approved', decidedBy: person, decidedAt: tx.now });
  moved(
    situation,
    'approved',
    `${who(actor)} approves ${row.version}${approval.needed > 1 ? ` (${given} of ${approval.needed})` : ''}`,
  );
  return undefined;
}
