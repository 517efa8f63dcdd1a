// A decision asked of people, bound to the plan, with a deadline and what happens when it passes. The canary stays
// under watch while it waits.

import { addApproval, advanceDeployment, changeApproval, readApproval, type ApprovalRow } from '../../state/deployments.ts';
import { shortName } from '../actor.ts';
import { done, failed, type Step, type StepContext, type StepFrame, type StepResult } from '../step.ts';
import { keepWatch, shareSince, takePromote } from './watching.ts';

/** With `onTimeout: hold` people are reminded once per deadline; after this many it is given up all the same. */
const maxReminders = 24;

export const awaitApproval: Step<'await-approval'> = {
  name: 'await-approval',
  limitMs: 'waits',
  run: async (context) => {
    const asked = ask(context);
    return keepWatch(context, {
      judged: context.step.percent > 0,
      sinceMs: shareSince(context),
      decide: ({ now, paused }) => decided(context, asked.id, now, paused),
    });
  },
  undo: 'nothing-to-undo',
};

function ask({ core, lease, target, deployment, stepKey, step }: StepContext<'await-approval'>): ApprovalRow {
  const known = readApproval(core.store.db, deployment.id, stepKey.position);
  if (known) return known;
  const { deadlineMs, count, onTimeout } = target.settings.approval;
  return core.store.under(lease).write((tx) => {
    const row = {
      id: `${deployment.id}.${stepKey.position}`,
      deploymentId: deployment.id,
      position: stepKey.position,
      planHash: deployment.planHash ?? '',
      needed: count,
      askedAt: tx.now,
      deadlineAt: tx.now + deadlineMs,
      onTimeout,
      status: 'pending',
    } as const;
    addApproval(tx, row);
    advanceDeployment(tx, deployment.id, {});
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'approval-asked',
      deploymentId: deployment.id,
      sentence: step.percent === 0 ? `asks for approval before any user gets ${deployment.version}` : `asks for approval with ${step.percent} % of users on ${deployment.version}`,
      detail: { planHash: row.planHash, deadlineAt: row.deadlineAt, needed: count },
    });
    return { ...row, decidedBy: null, decidedAt: null, reason: null };
  });
}

function decided(context: StepFrame, id: string, now: number, paused: boolean): StepResult | undefined {
  const { core, deployment, stepKey } = context;
  const approval = readApproval(core.store.db, deployment.id, stepKey.position);
  switch (approval?.status) {
    case 'approved':
      if (paused) return undefined;
      return takePromote(context) ?? done(`approved by ${shortName(approval.decidedBy ?? 'somebody')}`);
    case 'rejected':
      return failed('rejected', `rejected by ${shortName(approval.decidedBy ?? 'somebody')}: ${approval.reason ?? 'no reason'}`, approval.decidedBy ?? 'engine');
    case 'expired':
      return failed('approval-expired', 'nobody decided before the deadline');
    case 'pending':
      return now < approval.deadlineAt ? undefined : passDeadline(context, approval, id);
    default:
      return failed('approval-cancelled', 'the approval was withdrawn');
  }
}

function passDeadline({ core, lease, target, deployment }: StepFrame, approval: ApprovalRow, id: string): StepResult | undefined {
  const { deadlineMs } = target.settings.approval;
  const mayRemind = approval.onTimeout === 'hold' && approval.deadlineAt < approval.askedAt + maxReminders * deadlineMs;
  core.store.under(lease).write((tx) => {
    changeApproval(tx, id, mayRemind ? { deadlineAt: tx.now + deadlineMs } : { status: 'expired', decidedAt: tx.now });
    advanceDeployment(tx, deployment.id, {});
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: mayRemind ? 'approval-reminder' : 'approval-expired',
      deploymentId: deployment.id,
      sentence: mayRemind ? `still waits for approval of ${deployment.version}` : `nobody decided on ${deployment.version} before the deadline`,
    });
  });
  return mayRemind ? undefined : failed('approval-expired', 'nobody decided before the deadline');
}
