// Approvals: given, refused, given more time. Bound to the plan that they were asked for.

import type { DeploymentRef } from '../../api/engine.ts';
import { approvalRule } from '../../config/approval/approval.ts';
import { groupsOf, missingText } from '../../config/approval/groups.ts';
import { type Actor, actorName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import {
  type ApprovalRow,
  addVote,
  advanceDeployment,
  changeApproval,
  type DeploymentRow,
} from '../../state/deployments.ts';
import type { Core } from '../core.ts';
import { type ApprovalCounts, approvalCounts } from '../plan/approval-counts.ts';
import { extendedDeadline, longestExtensionMs } from '../plan/approval-times.ts';
import { approveInEmergency } from './break-glass.ts';
import { decide, maxReason, mayDecide, moved, type Refused, type Situation, unlocked, who } from './decide.ts';
import { pendingApproval, refusedNow, tooEarly } from './pending-approval.ts';

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
    const deadlineAt = extendedDeadline(approval, situation.tx.now);
    if (deadlineAt === undefined)
      return refuse(
        'not-allowed-now',
        `its deadline is ${clockTime(approval.deadlineAt)}, and an extension ends at most ${forHowLong(longestExtensionMs)} after the approval was asked for`,
        'Decide, or deploy again.',
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
  const rule = approvalRule(situation.target.settings.approval, row.plan?.risk);
  const before = approvalCounts(tx.db, rule, approval);
  const groups = actor.kind === 'person' ? groupsOf(rule.groups, actor) : [];
  const earlier = before.votes.find((vote) => vote.person === person);
  if (earlier) return countFor(situation, approval, { earlier: earlier.groups, groups, before });
  addVote(tx, approval.id, person);
  const ofGroups = groups.length === 0 ? '' : `, of ${groups.join(' and ')}`;
  const given = before.votes.length + 1;
  const count = approval.needed > 1 ? ` (${given} of ${approval.needed})` : '';
  advanceDeployment(tx, row.id, {});
  tx.audit({
    ...situation.target.key,
    actor: person,
    action: 'approved',
    deploymentId: row.id,
    sentence: `${who(actor)} approves ${row.version}${count}${ofGroups}`,
    detail: rule.groups.length === 0 ? {} : { approval: approval.id, groups },
  });
  complete(situation, approval);
  return undefined;
}

/**
 * A vote is final, and the command line does not know the members of a Slack user group: who approved there, and is seen to
 * be in a group later, counts for it from then on, and still as one person.
 */
function countFor(
  situation: Situation,
  approval: ApprovalRow,
  {
    earlier,
    groups,
    before,
  }: { readonly earlier: readonly string[]; readonly groups: readonly string[]; readonly before: ApprovalCounts },
): Refused | undefined {
  const { tx, row, actor, target } = situation;
  const added = groups.filter((name) => !earlier.includes(name));
  if (added.length === 0)
    return refuse(
      'already-decided',
      before.missing.groups.length === 0
        ? `${who(actor)} has approved already; ${approval.needed} people are needed`
        : `${who(actor)} has approved already; it waits for ${missingText(before.missing)}`,
    );
  advanceDeployment(tx, row.id, {});
  tx.audit({
    ...target.key,
    actor: actorName(actor),
    action: 'approval-counted',
    deploymentId: row.id,
    sentence: `the approval of ${row.version} by ${who(actor)} counts for ${added.join(' and ')} too`,
    detail: { approval: approval.id, groups: added },
  });
  complete(situation, approval);
  return undefined;
}

function complete({ tx, row, actor, target }: Situation, approval: ApprovalRow): void {
  const { missing } = approvalCounts(tx.db, approvalRule(target.settings.approval, row.plan?.risk), approval);
  if (missing.people > 0) return;
  changeApproval(tx, approval.id, { status: 'approved', decidedBy: actorName(actor), decidedAt: tx.now });
}
