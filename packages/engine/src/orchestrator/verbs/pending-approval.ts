// The approval that a person means, and what holds for every answer to it.

import type { DeploymentRef } from '../../api/engine.ts';
import { approvalRule } from '../../config/approval/approval.ts';
import { shortName } from '../../domain/actor.ts';
import { refuse } from '../../domain/refusal.ts';
import { clockTime, forHowLong } from '../../domain/times.ts';
import { type ApprovalRow, type DeploymentRow, readApproval } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { isOverdue, isTooEarly } from '../plan/approval-times.ts';
import { whyStale } from '../plan/why-stale.ts';
import { type Refused, type Situation, staleCard } from './decide.ts';

export function pendingApproval({ tx, row }: Situation, ref: DeploymentRef): ApprovalRow | Refused {
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

/** For a click that comes after the step has ended, or was undone: the approval it was meant for. */
function latestDecided(tx: Tx, row: DeploymentRow): ApprovalRow | undefined {
  for (let position = (row.plan?.steps.length ?? 0) - 1; position >= 0; position -= 1) {
    const approval = readApproval(tx.db, row.id, position);
    if (approval) return approval;
  }
  return undefined;
}

/** So that people look before they click. */
export function tooEarly({ tx, target, row }: Situation, { askedAt }: ApprovalRow): Refused | undefined {
  const { minimumWaitMs } = approvalRule(target.settings.approval, row.plan?.risk);
  const opensAt = askedAt + minimumWaitMs;
  if (!isTooEarly({ opensAt }, tx.now)) return undefined;
  return refuse(
    'too-early',
    `${row.version} can be approved from ${clockTime(opensAt)} on, ${forHowLong(minimumWaitMs)} after it was asked for`,
    'Look at the numbers meanwhile; a reject is possible at any time.',
  );
}

/** What holds for every approval, in an emergency too: it is for this plan, and its time is not over. */
export function refusedNow({ core, tx, target, row }: Situation, approval: ApprovalRow): Refused | undefined {
  if (row.pausedAt === null && isOverdue(approval, tx.now))
    return refuse(
      'already-decided',
      `no one decided before the deadline at ${clockTime(approval.deadlineAt)}`,
      'Extend it, or deploy again.',
    );
  const stale = whyStale(core, target, row, approval);
  return stale === undefined
    ? undefined
    : refuse('stale-plan', stale, 'Abort, look at the plan again, and deploy again.');
}
