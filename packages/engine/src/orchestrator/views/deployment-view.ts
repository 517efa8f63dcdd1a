// A row with its journal, approval and observations as people see it.

import type {
  ApprovalView,
  DeploymentView,
  Observation,
  OutcomeView,
  Receipt,
  StepView,
} from '../../api/deployment.ts';
import { approvalRule } from '../../config/approval/approval.ts';
import { targetName } from '../../config/settings.ts';
import { personOf, shortName } from '../../domain/actor.ts';
import { otherSlot } from '../../domain/target.ts';
import {
  approvalsOf,
  type DeploymentRow,
  readApproval,
  readJournal,
  type StepRow,
  votesOf,
} from '../../state/deployments.ts';
import { getSnapshot, observationKey, receiptKey } from '../../state/snapshots.ts';
import { readRelease, readRouting, readSlot } from '../../state/targets.ts';
import { frozenFor } from '../calendar/frozen.ts';
import { dueFor } from '../controller/retention.ts';
import { type Core, healthOf, requireTarget, type Target } from '../core.ts';
import { gatherFacts } from '../gates/facts.ts';
import { warningsOf } from '../gates/gates.ts';
import { readSuspension } from '../gates/suspension.ts';
import { approvalCounts, groupsShown } from '../plan/approval-counts.ts';
import { cannotSkip } from '../plan/approvals-ahead.ts';
import { whyStale } from '../plan/why-stale.ts';
import { shareOf } from '../routing/routing.ts';
import { readOpen } from '../run/steps/drained.ts';
import { knownStep, stepTitle } from '../run/steps/named.ts';
import { deploymentSchema } from '../schema/deployment-schema.ts';
import { changeOf } from './change.ts';
import { legalActions } from './legal-actions.ts';

export function viewDeployment(core: Core, row: DeploymentRow): DeploymentView {
  const { db } = core.store;
  const target = requireTarget(core, row);
  const approval = approvalView(core, target, row);
  const kept = keptSide(core, target, row);
  const frozen = frozenFor(core, target, row);
  const finished = row.finishedAt !== null;
  return {
    id: row.id,
    ...target.key,
    name: targetName(target.settings),
    version: row.version,
    digest: row.digest ?? undefined,
    origin: readRelease(db, row.service, row.version)?.origin ?? undefined,
    mode: row.mode,
    slot: row.slot,
    from:
      row.fromSlot === null || row.fromVersion === null ? undefined : { slot: row.fromSlot, version: row.fromVersion },
    requestedBy: row.requestedBy,
    requestedAt: row.requestedAt,
    reason: row.reason ?? undefined,
    phase: row.phase,
    direction: row.direction,
    waitsFor: frozen ? 'time' : waitsFor(core, row, approval),
    stateVersion: row.stateVersion,
    planHash: row.planHash ?? undefined,
    steps: stepViews(row, readJournal(db, row.id)),
    percent: finished ? (row.outcome === 'promoted' ? 100 : 0) : shareOf(readRouting(db, target.key).intent, row.slot),
    frozen: frozen && {
      names: frozen.names,
      until: frozen.until,
      sentence: frozen.sentence,
      override: frozen.override,
    },
    paused: row.pausedAt === null ? undefined : { by: row.pausedBy ?? 'engine', at: row.pausedAt },
    approval,
    approvedBy: approvalsOf(db, row.id).flatMap(({ id, status }) => (status === 'approved' ? votesOf(db, id) : [])),
    observation: getSnapshot<Observation>(db, observationKey(row.id))?.value,
    receipt: getSnapshot<Receipt>(db, receiptKey(row.id))?.value,
    cause:
      row.cause === null
        ? undefined
        : { code: row.causeCode ?? 'unknown', sentence: row.cause, actor: row.causeActor ?? 'engine' },
    outcome: outcomeView(row),
    change: changeOf(db, { service: row.service, version: row.version, from: row.fromVersion }),
    notes: readRelease(db, row.service, row.version)?.notes ?? undefined,
    schema: deploymentSchema(core, target, row, isNewestActive(core, target, row)),
    warnings: finished
      ? []
      : [...(frozen ? [`🧊 held before its next step: ${frozen.sentence}`] : []), ...warnings(core, target, row)],
    actions: legalActions({
      now: core.clock.now(),
      row,
      approval,
      frozen,
      kept,
      afterBake: target.settings.afterBake,
      onActive: isNewestActive(core, target, row),
      cannotSkip: cannotSkip(row, target.settings.approval),
      suspended: readSuspension(db, target.key)?.deploymentId === row.id,
    }),
    kept,
    channel: target.settings.channel,
  };
}

/** Where people can do nothing in the step any more, it does not wait for them. */
function waitsFor(core: Core, row: DeploymentRow, approval: ApprovalView | undefined): DeploymentView['waitsFor'] {
  if (row.direction === 'unwinding' || row.finishedAt !== null) return 'nothing';
  const step = knownStep(row.phase);
  if (step?.waitsFor !== 'people') return step?.waitsFor ?? 'nothing';
  return step.actions({ row, approval, now: core.clock.now() }).length > 0 ? 'people' : 'nothing';
}

function stepViews(row: DeploymentRow, journal: readonly StepRow[]): readonly StepView[] {
  return (row.plan?.steps ?? []).map((step, position) => {
    const of = (direction: string) =>
      journal.find((entry) => entry.position === position && entry.direction === direction);
    const forward = of('forward');
    const undone = of('unwinding')?.status === 'done';
    return {
      name: step.name,
      position,
      title: stepTitle(step, row.version),
      status: undone ? 'undone' : (forward?.status ?? 'waiting'),
      startedAt: forward?.startedAt,
      endedAt: forward?.endedAt ?? undefined,
    };
  });
}

function approvalView(core: Core, target: Target, row: DeploymentRow): ApprovalView | undefined {
  const { db } = core.store;
  const approval = readApproval(db, row.id, row.position) ?? approvalsOf(db, row.id).at(-1);
  if (!approval) return undefined;
  const rule = approvalRule(target.settings.approval, row.plan?.risk);
  const { approvers, minimumWaitMs } = rule;
  const counts = approvalCounts(db, rule, approval);
  const stale = approval.status === 'pending' ? whyStale(core, target, row, approval) : undefined;
  return {
    id: approval.id,
    status: approval.status,
    planHash: approval.planHash,
    needed: approval.needed,
    given: counts.votes.map(({ person }) => personOf(person) ?? person),
    askedAt: approval.askedAt,
    deadlineAt: approval.deadlineAt,
    onTimeout: approval.onTimeout,
    decidedBy: approval.decidedBy ?? undefined,
    decidedAt: approval.decidedAt ?? undefined,
    reason: approval.reason ?? undefined,
    approvers,
    ...groupsShown(rule, counts),
    stale: stale !== undefined,
    ...(stale === undefined ? {} : { staleBecause: stale }),
    opensAt: minimumWaitMs === 0 ? undefined : approval.askedAt + minimumWaitMs,
    fourEyes: target.settings.approval.fourEyes,
    writers: core.builds.contributors(target.key, row.version).people,
  };
}

function outcomeView(row: DeploymentRow): OutcomeView | undefined {
  if (row.outcome === null || row.finishedAt === null) return undefined;
  return {
    kind: row.outcome,
    code: row.causeCode ?? row.outcome,
    sentence: row.cause ?? '',
    actor: row.causeActor ?? 'engine',
    at: row.finishedAt,
  };
}

/** The side that is not live, when this deployment left it there. */
function keptSide(core: Core, target: Target, row: DeploymentRow): DeploymentView['kept'] {
  if (row.finishedAt === null) return undefined;
  const slot = row.outcome === 'promoted' ? otherSlot(row.slot) : row.slot;
  const side = readSlot(core.store.db, target.key, slot);
  const working = side.role === 'preview' && side.label === null; // of the next deployment, which reports it itself
  if (side.version === null || side.role === 'active' || working || !isNewest(core, target, row)) return undefined;
  if (row.outcome !== 'promoted' && side.deploymentId !== row.id) return undefined;
  const draining = dueFor(side, core.clock.now()) !== 'nothing';
  const open = draining ? readOpen(core, target)?.[slot] : undefined;
  return { slot, version: side.version, label: side.label ?? side.role, until: side.keepUntil ?? undefined, open };
}

function isNewest(core: Core, target: Target, row: DeploymentRow): boolean {
  const slots = (['blue', 'green'] as const).map((slot) => readSlot(core.store.db, target.key, slot));
  return slots.some(({ deploymentId }) => deploymentId === row.id);
}

function isNewestActive(core: Core, target: Target, row: DeploymentRow): boolean {
  const side = readSlot(core.store.db, target.key, row.slot);
  return side.role === 'active' && side.deploymentId === row.id;
}

function warnings(core: Core, target: Target, row: DeploymentRow): readonly string[] {
  const person = personOf(row.requestedBy);
  const actor =
    person === undefined ? ({ kind: 'engine' } as const) : ({ kind: 'person', id: person, door: 'cli' } as const);
  const facts = gatherFacts(core, target, { actor, version: row.version });
  const lock = facts.lock;
  return [
    ...warningsOf(facts),
    ...(row.finishedAt === null ? core.builds.contributors(target.key, row.version).warnings(person) : []),
    ...(lock ? [`🔒 ${target.name} is locked by ${shortName(lock.owner)}: ${lock.reason}`] : []),
    ...(healthOf(target, row.slot).check === 'status-code' ? ['health is judged by status code only'] : []),
    ...(target.settings.smokeTests.length < 3 ? [`only ${target.settings.smokeTests.length} smoke tests`] : []),
  ];
}
