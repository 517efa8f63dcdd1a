// A decision asked of people, bound to the plan, with a deadline and what happens when it passes. The canary stays
// under watch while it waits.

import type { ApprovalView, LegalAction } from '../../../api/deployment.ts';
import { approvalRule } from '../../../config/approval/approval.ts';
import { personOf, shortName } from '../../../domain/actor.ts';
import { forHowLong } from '../../../domain/times.ts';
import {
  type ApprovalRow,
  addApproval,
  advanceDeployment,
  changeApproval,
  readApproval,
} from '../../../state/deployments.ts';
import { getSnapshot, putSnapshot, remindedKey, renderedKey } from '../../../state/snapshots.ts';
import { extendedDeadline, isOverdue, isTooEarly } from '../../plan/approval-times.ts';
import { requireUnchanged } from '../../plan/release-settings.ts';
import { renderedRouting } from '../../plan/rendered-routing.ts';
import {
  action,
  done,
  failed,
  type Named,
  type Step,
  type StepContext,
  type StepFrame,
  type StepResult,
  type StepSituation,
} from '../step.ts';
import { keepWatch, promoteFor } from './watching.ts';

/** With `onTimeout: hold` people are reminded once per deadline; after this many it is given up all the same. */
const maxReminders = 24;

interface AwaitApproval extends Named<'await-approval'> {
  /** What users get then: 0 before any of them, 100 after the promotion. */
  readonly percent: number;
}

export const awaitApproval: Step<AwaitApproval> = {
  name: 'await-approval',
  title: ({ percent }) => titles[percent] ?? `approval at ${percent} %`,
  moves: 'none',
  waitsFor: 'people',
  isStartingSide: false,
  actions: (here) => (here.approval?.status === 'pending' ? decisions(here, here.approval) : []),
  promote: 'vote',
  limitMs: 'waits',
  run: async (context) => {
    ask(context);
    const result = await keepWatch(context, {
      judged: context.step.percent > 0,
      sinceMs: context.sharedSince,
      decide: ({ now, paused }) => decided(context, now, paused),
    });
    // People approved the files that were registered, and waiting may take days.
    if (result.kind === 'done' || result.kind === 'skip-to-promote')
      await requireUnchanged(context.release, context.signal);
    return result;
  },
  undo: 'nothing-to-undo',
};

/** What its verb would refuse for the time is not offered. */
function decisions({ row, now }: StepSituation, approval: ApprovalView): readonly LegalAction[] {
  const isOpen = !approval.stale && !isTooEarly(approval, now) && !isOverdue(approval, now);
  const approve = action(
    'approve',
    `Approves ${row.version} and goes on with the plan ${approval.planHash.slice(0, 8)}.`,
  );
  const extend = action('extend', 'Gives the approval 30 more minutes.');
  return [
    ...(isOpen ? [approve] : []),
    action('reject', `Rejects ${row.version}; it is taken back.`, true),
    ...(extendedDeadline(approval, now) === undefined ? [] : [extend]),
  ];
}

function ask({ core, lease, target, deployment, stepKey, step }: StepContext<AwaitApproval>): void {
  if (readApproval(core.store.db, deployment.id, stepKey.position)) return;
  const { deadlineMs, onTimeout } = target.settings.approval;
  const { count } = approvalRule(target.settings.approval, deployment.plan?.risk);
  const contributors = core.builds.contributors(target.key, deployment.version);
  const tooFew = contributors.tooFewApprovers(personOf(deployment.requestedBy));
  // As it is now: the new side runs, and has its address.
  const rendered = renderedRouting(target);
  core.store.under(lease).write((tx) => {
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
    if (rendered !== undefined) putSnapshot(tx.db, renderedKey(row.id), rendered, tx.now);
    advanceDeployment(tx, deployment.id, {});
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'approval-asked',
      deploymentId: deployment.id,
      sentence: `asks for approval ${when(step.percent, deployment.version)}${tooFew === undefined ? '' : `; ${tooFew}`}`,
      detail: { planHash: row.planHash, deadlineAt: row.deadlineAt, needed: count, tooFew, rendered },
    });
  });
}

const titles: Readonly<Record<number, string>> = { 0: 'approval before any user', 100: 'approval after all users' };

function when(percent: number, version: string): string {
  if (percent === 0) return `before any user gets ${version}`;
  return percent === 100 ? `that ${version} stays, which all users have` : `with ${percent} % of users on ${version}`;
}

function decided(context: StepFrame, now: number, paused: boolean): StepResult | undefined {
  const { core, deployment, stepKey } = context;
  const approval = readApproval(core.store.db, deployment.id, stepKey.position);
  switch (approval?.status) {
    case 'approved':
      if (paused) return undefined;
      return promoteFor(context) ?? done(`approved by ${shortName(approval.decidedBy ?? 'somebody')}`);
    case 'rejected':
      return failed(
        'rejected',
        `rejected by ${shortName(approval.decidedBy ?? 'somebody')}: ${approval.reason ?? 'no reason'}`,
        approval.decidedBy ?? 'engine',
      );
    case 'expired':
      return failed('approval-expired', 'no one decided before the deadline');
    case 'pending':
      if (!paused) remind(context, approval, now);
      return paused || now < approval.deadlineAt ? undefined : passDeadline(context);
    default:
      return failed('approval-cancelled', 'the approval was withdrawn');
  }
}

/**
 * Once before each deadline, in whichever process: an extension has a deadline of its own. With `hold`, the next
 * deadline begins at the one before, with a reminder: a shorter time than `reminderMs` needs no second one.
 */
function remind({ core, lease, target, deployment }: StepFrame, { id, askedAt, deadlineAt }: ApprovalRow, now: number) {
  const { reminderMs, deadlineMs } = target.settings.approval;
  const beganAt = Math.max(askedAt, deadlineAt - deadlineMs);
  const isDue =
    reminderMs > 0 && deadlineAt - reminderMs > beganAt && now >= deadlineAt - reminderMs && now < deadlineAt;
  if (!isDue || getSnapshot<number>(core.store.db, remindedKey(id))?.value === deadlineAt) return;
  core.store.under(lease).write((tx) => {
    putSnapshot(tx.db, remindedKey(id), deadlineAt, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'approval-reminder',
      deploymentId: deployment.id,
      sentence: `${deployment.version} waits for approval, and its time ends in ${forHowLong(deadlineAt - now)}`,
    });
  });
}

/** Asked again inside the transaction: a decision of the last moment counts. */
function passDeadline({ core, lease, target, deployment, stepKey }: StepFrame): StepResult | undefined {
  const { deadlineMs } = target.settings.approval;
  return core.store.under(lease).write((tx) => {
    const approval = readApproval(tx.db, deployment.id, stepKey.position);
    if (approval?.status !== 'pending' || tx.now < approval.deadlineAt) return undefined;
    const mayRemind =
      approval.onTimeout === 'hold' && approval.deadlineAt < approval.askedAt + maxReminders * deadlineMs;
    changeApproval(
      tx,
      approval.id,
      mayRemind ? { deadlineAt: tx.now + deadlineMs } : { status: 'expired', decidedAt: tx.now },
    );
    advanceDeployment(tx, deployment.id, {});
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: mayRemind ? 'approval-reminder' : 'approval-expired',
      deploymentId: deployment.id,
      sentence: mayRemind
        ? `still waits for approval of ${deployment.version}`
        : `nobody decided on ${deployment.version} before the deadline`,
    });
    return mayRemind ? undefined : failed('approval-expired', 'no one decided before the deadline');
  });
}
