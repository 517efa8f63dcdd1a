// The model reads the audit log, row by row: each row must be legal in the state that the rows before it have led to.

import type { AuditRow } from '../../packages/engine/src/domain/audit-events.ts';
import type { SlotName } from '../../packages/engine/src/domain/target.ts';
import { ofEnd, ofSteps } from './follow-steps.ts';
import { type Follow, field, type Seen } from './following.ts';
import { frozenAt } from './freezes.ts';
import type { Approval, Deployment, Mode, Model } from './model.ts';
import { isApprover, shortOf } from './people.ts';
import { deployRefusals } from './rules.ts';

export function follow(model: Model, row: AuditRow, seen: Seen): void {
  const { action } = row;
  const demand = (isSo: boolean, rule: string): void => {
    if (!isSo) throw new Error(`${rule}: row ${row.seq} ${action} "${row.sentence}"`);
  };
  const act: Follow = { model, row, seen, demand };
  if (action === 'deployment-requested') {
    begin(act);
    return;
  }
  if (ofTarget(act)) return;
  const on = [model.live, ...model.ended].find((each) => each?.id === row.deploymentId);
  if (!on) return;
  if (ofApproval(act, on) || ofRouting(act, on) || ofSteps(act, on)) return;
  ofEnd(act, on);
}

function begin(act: Follow): void {
  const { model, row, demand } = act;
  demand(model.live === undefined, 'one deployment at a time');
  const mode = row.code as Mode;
  const version = field<string>(act, 'version');
  const slot = field<SlotName>(act, 'slot');
  demand(slot !== model.active?.slot, 'a deployment works in the slot that serves nobody');
  if (mode === 'deploy' || mode === 'redeploy') {
    const asked = { actor: shortOf(row.actor), version, redeploy: mode === 'redeploy', reason: true };
    const override = model.faults.has('overriding');
    const { certain } = deployRefusals(model, { ...asked, override }, row.at);
    demand(certain.length === 0, `a deployment begins only where nothing refuses it (${certain.join(', ')})`);
  }
  if (mode === 'rollback') demand(model.onceLive.has(version), 'a rollback leads to a release that was live once');
  if (row.actor === 'engine') demand(mode === 'rollback', 'the engine begins nothing but a way back');
  model.live = {
    id: row.deploymentId ?? '',
    version,
    mode,
    slot,
    from: model.active,
    by: row.actor,
    hold: field<boolean>(act, 'hold'),
    steps: undefined,
    position: 0,
    begun: false,
    unwinding: false,
    promoted: false,
    givenUp: false,
    full: false,
    wasBad: model.bad.has(version),
    pausedAt: undefined,
    approval: undefined,
    overridden: new Set(),
    troubled: model.faults.size > 0 || model.drifted,
    outcome: undefined,
    finishedAt: undefined,
  };
}

/** @returns whether the row is about the target, and no deployment */
function ofTarget(act: Follow): boolean {
  const { model, row, demand } = act;
  switch (row.action) {
    case 'locked':
      model.lock = { owner: row.actor, until: field<number>(act, 'until') };
      return true;
    case 'unlocked':
      model.lock = undefined;
      return true;
    case 'automation-suspended':
      demand(!model.suspended, 'what is suspended is not suspended again');
      model.suspended = true;
      return true;
    case 'automation-resumed':
      demand(model.suspended, 'what works is not resumed');
      model.suspended = false;
      return true;
    case 'release-marked-bad':
      model.bad.add(field<string>(act, 'version'));
      return true;
    case 'balancer-restarted':
      model.faults.delete('dead-balancer');
      return true;
    case 'release-mark-cleared':
      model.bad.delete(field<string>(act, 'version'));
      return true;
    case 'routing-adopted': {
      const slot = field<{ active?: SlotName } | undefined>(act, 'routing')?.active;
      demand(slot !== undefined, 'a person adopts no routing without a side for users');
      if (slot !== undefined) model.active = { slot, version: act.seen.versionIn(slot) ?? '' };
      return true;
    }
    // With its plan, a release is registered.
    case 'planned':
      model.registered.add(model.live?.version ?? '');
      return true;
    default:
      return false;
  }
}

function ofApproval(act: Follow, on: Deployment): boolean {
  const { model, row, demand } = act;
  const pending = (rule: string): Approval => {
    demand(on.approval?.status === 'pending', rule);
    return on.approval as Approval;
  };
  switch (row.action) {
    case 'approval-asked': {
      demand(!on.unwinding && on.approval === undefined, 'an approval is asked for once');
      const [deadlineAt, needed] = [field<number>(act, 'deadlineAt'), field<number>(act, 'needed')];
      demand(deadlineAt === row.at + model.rules.deadlineMs, 'the deadline is what is configured');
      demand(needed === model.rules.needed, 'as many approvals as are configured');
      on.approval = { needed, askedAt: row.at, deadlineAt, votes: new Set(), status: 'pending' };
      return true;
    }
    case 'approved': {
      const approval = pending('an approval is decided once');
      demand(isApprover(shortOf(row.actor)) && row.actor !== on.by, 'approvers approve, and not their own request');
      demand(!approval.votes.has(row.actor), 'a person approves once');
      approval.votes.add(row.actor);
      if (approval.votes.size >= approval.needed) approval.status = 'approved';
      return true;
    }
    case 'rejected':
      pending('an approval is decided once').status = 'rejected';
      return true;
    case 'approval-extended': {
      const approval = pending('only what is pending is extended');
      approval.deadlineAt = Math.max(approval.deadlineAt, row.at) + 30 * 60_000;
      return true;
    }
    case 'approval-reminder':
      demand(on.approval?.status === 'pending', 'nobody is reminded of what is decided');
      if (on.approval && row.at >= on.approval.deadlineAt) on.approval.deadlineAt = row.at + model.rules.deadlineMs;
      return true;
    case 'approval-expired': {
      const approval = pending('an approval is decided once');
      demand(row.at >= approval.deadlineAt, 'an approval expires at its deadline');
      approval.status = 'expired';
      return true;
    }
    default:
      return false;
  }
}

function ofRouting(act: Follow, on: Deployment): boolean {
  const { model, row, seen, demand } = act;
  if (row.action !== 'routing-intended' && row.action !== 'routing-applied') return false;
  const routing = field<{ active?: SlotName; canary?: { slot: SlotName } }>(act, 'routing');
  const movesOn = !on.unwinding && (routing.active === on.slot || routing.canary !== undefined);
  if (row.action === 'routing-intended') {
    if (!movesOn) return true;
    const held = frozenAt(row.at).filter(({ key }) => !on.overridden.has(key));
    if (on.mode === 'deploy' || on.mode === 'redeploy') demand(held.length === 0, 'a freeze lets no users be moved on');
    demand(on.pausedAt === undefined, 'a pause lets no users be moved on');
    return true;
  }
  if (routing.active === undefined) model.active = undefined;
  else if (routing.active === on.slot && !on.unwinding) {
    const isApproved = on.approval?.status === 'approved' || on.full || !on.steps?.includes('await-approval');
    demand(isApproved, 'no release goes to all users without its approvals');
    on.promoted = true;
    model.active = { slot: on.slot, version: on.version };
    model.onceLive.add(on.version);
  } else if (routing.active !== model.active?.slot)
    model.active = { slot: routing.active, version: seen.versionIn(routing.active) ?? '' };
  return true;
}
