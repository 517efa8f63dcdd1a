// What people say to a running deployment. Each is one transaction that compares the state the button was drawn for
// with the state that is: the first decision wins, a late one is told who was first.

import type { DeploymentRef } from '../../engine-api.ts';
import { approverRule } from '../../config/people.ts';
import {
  type ApprovalRow,
  addSignal,
  addVote,
  advanceDeployment,
  changeApproval,
  type DeploymentRow,
  readApproval,
  readDeployment,
  votesOf,
} from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readLock } from '../../state/targets.ts';
import { type Actor, actorName, shortName } from '../actor.ts';
import { type Core, mustTarget, type Target } from '../core.ts';
import { ok, type Refusal, refuse, type Result } from '../refusal.ts';
import { currentHash } from '../register.ts';
import { clockTime, forHowLong } from '../words.ts';
import { recordRefusal } from './refused.ts';

const maxReason = 500;
export const extendMs = 30 * 60_000;

interface Situation {
  readonly core: Core;
  readonly tx: Tx;
  readonly target: Target;
  readonly row: DeploymentRow;
  readonly actor: Actor;
}

type Refused = { readonly ok: false; readonly refusal: Refusal };

interface Decision {
  readonly verb: string;
  readonly ref: DeploymentRef;
  readonly actor: Actor;
  /** A late approve is told about the decision rather than about a stale card. */
  readonly tolerateStale?: boolean;
}

/** Frame of every decision: team, existence, staleness; then `act`, whose refusal is written too. */
function decide(core: Core, decision: Decision, act: (situation: Situation) => Refused | undefined): Result<DeploymentRow> {
  const { ref, actor, verb } = decision;
  const answer = core.store.write((tx): Result<DeploymentRow> => {
    const row = readDeployment(tx.db, ref.id);
    if (!row) return refuse('no-such-deployment', `there is no deployment ${ref.id.slice(0, 40)}`, 'See history for the ones there are.');
    const refusal = admissible(row, decision) ?? act({ core, tx, target: mustTarget(core, row), row, actor });
    return refusal ?? ok(readDeployment(tx.db, ref.id) ?? row);
  });
  if (!answer.ok) {
    const row = readDeployment(core.store.db, ref.id);
    recordRefusal(core, { actor, verb, refusal: answer.refusal, key: row, deploymentId: row?.id });
  }
  return answer;
}

function admissible(row: DeploymentRow, { ref, actor, tolerateStale }: Decision): Refused | undefined {
  if (actor.kind === 'stranger') return refuse('not-in-team', `${actor.name} is not in the list of people of this configuration, and may look only`, 'Ask a release manager to add you to `people`.');
  if (row.finishedAt !== null && !tolerateStale)
    return refuse('not-allowed-now', `${row.version} is finished: ${row.outcome} at ${clockTime(row.finishedAt)}`, 'See status for what is possible now.');
  if (!tolerateStale && ref.stateVersion !== undefined && ref.stateVersion !== row.stateVersion)
    return refuse('stale-card', `the deployment has moved on since this button was drawn (now: ${row.phase})`, 'The card is drawn again; look, then press.');
  return undefined;
}

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
    changeApproval(tx, approval.id, { status: 'rejected', decidedBy: actorName(actor), decidedAt: tx.now, reason: text });
    moved(situation, 'rejected', `${who(actor)} rejects ${row.version}: ${text}`);
    return undefined;
  });
}

/** On a pending approval, promote is an approve; `full` also skips the rest. */
export function promote(core: Core, ref: DeploymentRef, actor: Actor, full: boolean): Result<DeploymentRow> {
  return decide(core, { verb: full ? 'promote --full' : 'promote', ref, actor }, (situation) => {
    const { tx, row } = situation;
    if (row.direction !== 'forward' || row.pausedAt !== null) return refuse('not-allowed-now', `${row.version} is ${row.pausedAt === null ? 'being taken back' : 'paused'}`, row.pausedAt === null ? '' : 'Resume it first.');
    const here = row.plan?.steps[row.position]?.name;
    if (here === 'await-approval') {
      const refusal = vote(situation, ref);
      if (refusal) return refusal;
      if (full && readApproval(tx.db, row.id, row.position)?.status !== 'approved') return undefined;
    } else if (here === 'watch' || here === 'hold') {
      // Cutting a watch short takes the same trust as an approval; leaving a hold goes on to the plan's own checks.
      const refusal = here === 'hold' && !full ? undefined : mayDecide(situation, {});
      if (refusal) return refusal;
    } else return refuse('not-allowed-now', `there is nothing to promote while it does "${here ?? row.phase}"`, 'Watch, hold and approval steps can be moved on.');
    if (full || here !== 'await-approval') addSignal(tx, { deploymentId: row.id, kind: full ? 'promote-full' : 'promote', position: row.position, actor: actorName(actor) });
    moved(situation, 'promoted-on', `${who(actor)} moves ${row.version} on${full ? ' to everybody' : ''}`);
    return undefined;
  });
}

export function pause(core: Core, ref: DeploymentRef, actor: Actor): Result<DeploymentRow> {
  return decide(core, { verb: 'pause', ref, actor }, (situation) => {
    const { tx, row } = situation;
    if (row.pausedAt !== null) return refuse('already-decided', `${who(row.pausedBy ?? 'engine')} paused it at ${clockTime(row.pausedAt)}`);
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
    note(situation, 'resumed', `${who(actor)} resumes ${row.version} after ${forHowLong(tx.now - row.pausedAt)}`);
    return undefined;
  });
}

/** Before full promotion this is an abort, after it a rollback: the flow is the same, the ending's name is not. */
export function abort(core: Core, ref: DeploymentRef, actor: Actor, reason?: string): Result<DeploymentRow> {
  return decide(core, { verb: 'abort', ref, actor }, (situation) => {
    const { row } = situation;
    if (row.direction === 'unwinding') return refuse('already-decided', `${row.version} is being taken back already: ${row.cause ?? ''}`);
    giveUp(situation, reason);
    return undefined;
  });
}

/** Shared with `rollback`, which takes a running deployment back. */
export function giveUp(situation: Situation, reason: string | undefined): void {
  const { tx, row, actor } = situation;
  const text = reason?.trim().slice(0, maxReason);
  addSignal(tx, { deploymentId: row.id, kind: 'abort', position: row.position, actor: actorName(actor), reason: text || null });
  moved(situation, row.promotedAt === null ? 'abort-asked' : 'rollback-asked', `${who(actor)} ${row.promotedAt === null ? 'aborts' : 'takes back'} ${row.version}${text ? `: ${text}` : ''}`);
}

export function extend(core: Core, ref: DeploymentRef, actor: Actor): Result<DeploymentRow> {
  return decide(core, { verb: 'extend', ref, actor, tolerateStale: true }, (situation) => {
    const approval = pendingApproval(situation, ref);
    if ('ok' in approval) return approval;
    const deadlineAt = Math.min(Math.max(approval.deadlineAt, situation.tx.now) + extendMs, approval.askedAt + 7 * 24 * 3_600_000);
    changeApproval(situation.tx, approval.id, { deadlineAt });
    moved(situation, 'approval-extended', `${who(actor)} gives it until ${clockTime(deadlineAt)}`);
    return undefined;
  });
}

function vote(situation: Situation, ref: DeploymentRef): Refused | undefined {
  const { core, tx, target, row, actor } = situation;
  const approval = pendingApproval(situation, ref);
  if ('ok' in approval) return approval;
  const refusal = mayDecide(situation, {}) ?? unlocked(situation);
  if (refusal) return refusal;
  if (row.plan && approval.planHash !== currentHash(core, target, { plan: row.plan, digest: row.digest ?? '', fromSlot: row.fromSlot }))
    return refuse('stale-plan', 'the active side or the configuration is not what it was when this approval was asked for', 'Abort, look at the plan again, and deploy again.');
  const person = actorName(actor);
  if (votesOf(tx.db, approval.id).includes(person)) return refuse('already-decided', `${who(actor)} has approved already; ${approval.needed} people are needed`);
  addVote(tx, approval.id, person);
  const given = votesOf(tx.db, approval.id).length;
  if (given >= approval.needed) changeApproval(tx, approval.id, { status: 'approved', decidedBy: person, decidedAt: tx.now });
  moved(situation, 'approved', `${who(actor)} approves ${row.version}${approval.needed > 1 ? ` (${given} of ${approval.needed})` : ''}`);
  return undefined;
}

function pendingApproval({ tx, row }: Situation, ref: DeploymentRef): ApprovalRow | Refused {
  const approval = readApproval(tx.db, row.id, row.position) ?? latestDecided(tx, row);
  if (!approval) return refuse('not-allowed-now', `${row.version} does not wait for an approval (${row.phase})`, 'See status for what is possible now.');
  if (approval.status !== 'pending')
    return refuse('already-decided', `already ${approval.status}${approval.decidedBy ? ` by ${shortName(approval.decidedBy)}` : ''} at ${clockTime(approval.decidedAt ?? approval.askedAt)}`, 'The first decision counts.');
  if (ref.stateVersion !== undefined && ref.stateVersion !== row.stateVersion)
    return refuse('stale-card', `the deployment has moved on since this button was drawn (now: ${row.phase})`, 'The card is drawn again; look, then press.');
  return approval;
}

/** For a click that comes after the step went on: the approval it was meant for. */
function latestDecided(tx: Tx, row: DeploymentRow): ApprovalRow | undefined {
  for (let position = row.position; position >= 0; position -= 1) {
    const approval = readApproval(tx.db, row.id, position);
    if (approval) return approval;
  }
  return undefined;
}

function mayDecide({ target, row, actor }: Situation, { asRequester = false }: { readonly asRequester?: boolean }): Refused | undefined {
  const { approvers, fourEyes } = target.settings.approval;
  if (actor.kind !== 'person') return refuse('not-approver', 'only people decide', '');
  // Whoever asked may always say no to it.
  if (asRequester && actorName(actor) === row.requestedBy) return undefined;
  if (fourEyes && actorName(actor) === row.requestedBy)
    return refuse('four-eyes', `${who(actor)} asked for ${row.version} and cannot approve it`, `Ask ${approvers.filter((id) => id !== actor.id).join(', ') || 'another approver'}.`);
  if (!approverRule({ approvers, personId: actor.id, groups: actor.groups ?? [] }))
    return refuse('not-approver', `${who(actor)} is not an approver of ${target.name}`, `Approvers: ${approvers.join(', ')}.`);
  return undefined;
}

function unlocked({ core, target, actor, tx }: Situation): Refused | undefined {
  const lock = readLock(core.store.db, target.key, tx.now);
  if (!lock || lock.owner === actorName(actor)) return undefined;
  return refuse('target-locked', `${target.name} is locked by ${shortName(lock.owner)} for ${forHowLong(tx.now - lock.since)}: ${lock.reason}`, `Ask ${shortName(lock.owner)}, or unlock it.`);
}

function moved(situation: Situation, action: string, sentence: string): void {
  advanceDeployment(situation.tx, situation.row.id, {});
  note(situation, action, sentence);
}

function note({ tx, target, row, actor }: Situation, action: string, sentence: string): void {
  tx.audit({ ...target.key, actor: actorName(actor), action, deploymentId: row.id, sentence });
}

function who(actor: Actor | string): string {
  return shortName(typeof actor === 'string' ? actor : actorName(actor));
}
