// Approvals: given, refused, given more time. Bound to the plan that they were asked for.

import type { DeploymentRef } from '../../api/engine.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { clockTime } from '../../domain/times.ts';
import {
  type ApprovalRow,
  addVote,
  changeApproval,
  type DeploymentRow,
  readApproval,
  votesOf,
} from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import type { Core } from '../core.ts';
import { currentHash } from '../plan/register.ts';
import {
  decide,
  maxReason,
  mayDecide,
  moved,
  type Refused,
  type Situation,
  staleCard,
  unlocked,
  who,
} from './decide.ts';

const extendMs = 30 * 60_000;

export function approve(core: Core, ref: DeploymentRef, actor: Actor): Result<DeploymentRow> {
  return decide(core, { verb: 'approve', ref, actor, tolerateStale: true }, (situation) => vote(situation, ref));
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
  const { core, tx, target, row, actor } = situation;
  const approval = pendingApproval(situation, ref);
  if ('ok' in approval) return approval;
  const refusal = mayDecide(situation, {}) ?? unlocked(situation);
  if (refusal) return refusal;
  if (approval.onTimeout === 'abort' && row.pausedAt === null && approval.deadlineAt <= tx.now)
    return refuse(
      'already-decided',
      `no one decided before the deadline at ${clockTime(approval.deadlineAt)}`,
      'Extend it, or deploy again.',
    );
  if (
    row.plan &&
    approval.planHash !==
      currentHash(core, target, { plan: row.plan, digest: row.digest ?? '', fromSlot: row.fromSlot })
  )
    return refuse(
      'stale-plan',
      'the active side or the configuration is not what it was when this approval was asked for',
      'Abort, look at the plan again, and deploy again.',
    );
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

function pendingApproval({ tx, row }: Situation, ref: DeploymentRef): ApprovalRow | Refused {
  const approval = readApproval(tx.db, row.id, row.position) ?? latestDecided(tx, row);
  if (!approval)
    return refuse(
      'not-allowed-now',
      `${row.version} does not wait for an approval (${row.phase})`,
      'See status for what is possible now.',
    );
  if (approval.status !== 'pending')
    return refuse(
      'already-decided',
      `already ${approval.status}${approval.decidedBy ? ` by ${shortName(approval.decidedBy)}` : ''} at ${clockTime(approval.decidedAt ?? approval.askedAt)}`,
      'The first decision counts.',
    );
  return staleCard(row, ref) ?? approval;
}

/** For a click that comes after the step has ended: the approval it was meant for. */
function latestDecided(tx: Tx, row: DeploymentRow): ApprovalRow | undefined {
  for (let position = row.position; position >= 0; position -= 1) {
    const approval = readApproval(tx.db, row.id, position);
    if (approval) return approval;
  }
  return undefined;
}
