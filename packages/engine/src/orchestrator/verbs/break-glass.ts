// In an emergency one named person approves alone, also their own deployment: with a reason, and on-call is paged. A
// lock, a changed plan and a passed deadline hold even then.

import type { DeploymentRef } from '../../api/engine.ts';
import { approverRule } from '../../config/people/people.ts';
import { actorName } from '../../domain/actor.ts';
import { refuse } from '../../domain/refusal.ts';
import { addVote, advanceDeployment, changeApproval, votesOf } from '../../state/deployments.ts';
import { maxReason, type Refused, type Situation, unlocked, who } from './decide.ts';
import { pendingApproval, refusedNow } from './pending-approval.ts';

export function approveInEmergency(situation: Situation, ref: DeploymentRef, reason: string): Refused | undefined {
  const { tx, target, row, actor } = situation;
  const approval = pendingApproval(situation, ref);
  if ('ok' in approval) return approval;
  const why = reason.trim().slice(0, maxReason);
  const refusal = mayBreakGlass(situation) ?? unlocked(situation) ?? refusedNow(situation, approval);
  if (refusal) return refusal;
  if (why === '') return refuse('reason-missing', 'an approval in an emergency needs its reason', 'Add the reason.');
  const person = actorName(actor);
  if (!votesOf(tx.db, approval.id).includes(person)) {
    addVote(tx, approval.id, person);
    tx.audit({
      ...target.key,
      actor: person,
      action: 'approved',
      deploymentId: row.id,
      sentence: `${who(actor)} approves ${row.version} alone`,
      detail: {},
    });
  }
  changeApproval(tx, approval.id, { status: 'approved', decidedBy: person, decidedAt: tx.now, reason: why });
  advanceDeployment(tx, row.id, {});
  tx.audit({
    ...target.key,
    actor: person,
    action: 'glass-broken',
    deploymentId: row.id,
    sentence: `${who(actor)} approves ${row.version} alone in an emergency (break-glass), ${approval.needed} ${approval.needed === 1 ? 'approval was' : 'approvals were'} asked for: ${why}`,
    detail: { reason: why, needed: approval.needed },
  });
  return undefined;
}

function mayBreakGlass({ target, actor }: Situation): Refused | undefined {
  const { breakGlass } = target.settings.approval;
  const groups = actor.kind === 'person' ? (actor.groups ?? []) : [];
  if (actor.kind === 'person' && approverRule({ approvers: breakGlass, personId: actor.id, groups })) return undefined;
  const named =
    breakGlass.length === 0 ? 'No person is named in approval.breakGlass.' : `Named: ${breakGlass.join(', ')}.`;
  return refuse('not-approver', `${who(actor)} may not approve ${target.name} alone in an emergency`, named);
}
