// Reads the audit log row by row, oldest first, and remembers what a report needs: deployments, incidents, and when the
// commits of builds were made. It asks nothing but the log, so that a copy of the log leads to the same figures.

import { type AuditAction, type AuditRead, type AuditRow, readEvent } from '../domain/audit-events.ts';
import { outcomeOf } from '../domain/reasons.ts';
import {
  type DeploymentFacts,
  isForCause,
  type Mark,
  markOf,
  newDeployment,
  takeEvent,
  usersOf,
} from './deployments.ts';
import {
  addIncident,
  healthChanged,
  type Incident,
  openIncident,
  type UsersThere,
  usersMoved,
  usersThere,
} from './incidents.ts';

/** The actions that figures depend on; a reader may leave out the rows of others. */
export const reportActions = [
  'abort-asked',
  'approval-asked',
  'build-announced',
  'crashed',
  'deployment-finished',
  'deployment-requested',
  'glass-broken',
  'health-changed',
  'paused',
  'request-first',
  'resumed',
  'rollback-asked',
  'routing-applied',
  'slot-claimed',
  'step-done',
  'step-started',
  'turned-back',
] as const satisfies readonly AuditAction[];

/** When the commit of a version was made. */
export interface Commit {
  readonly at: number;
  readonly row: number;
}

interface TargetHistory extends UsersThere {
  live?: DeploymentFacts | undefined;
  /** Of each version, when it got all users for the first time, as a number that grows. */
  readonly order: Map<string, number>;
  /** Versions that a person put first in the queue, until they begin. */
  readonly first: Set<string>;
}

export interface History {
  take(row: AuditRow): void;
  deployments(): Iterable<DeploymentFacts>;
  incidents(): Iterable<Incident>;
  commitOf(deployment: Pick<DeploymentFacts, 'service' | 'version' | 'build'>): Commit | undefined;
}

interface Remembered {
  readonly deployments: Map<string, DeploymentFacts>;
  readonly targets: Map<string, TargetHistory>;
  readonly commits: Map<string, Commit>;
}

export function createHistory(): History {
  const remembered: Remembered = { deployments: new Map(), targets: new Map(), commits: new Map() };
  return {
    take: (row) => {
      const event = readEvent(row);
      if (event) takeRow(remembered, event);
    },
    deployments: () => remembered.deployments.values(),
    incidents: () => [...remembered.targets.values()].flatMap(({ incidents }) => incidents),
    commitOf: ({ service, version, build }) =>
      (build === undefined ? undefined : remembered.commits.get(`${service} #${build}`)) ??
      remembered.commits.get(`${service} ${version}`),
  };
}

function takeRow(remembered: Remembered, event: AuditRead): void {
  const facts = event.deploymentId === null ? undefined : remembered.deployments.get(event.deploymentId);
  switch (event.action) {
    case 'deployment-requested':
      begin(remembered, event);
      break;
    case 'build-announced':
      rememberCommit(remembered, event);
      break;
    case 'request-first':
      targetOf(remembered, event)?.first.add(event.detail.version ?? '');
      break;
    case 'health-changed':
      health(remembered, event, event.code);
      break;
    case 'crashed':
      health(remembered, event, 'unhealthy');
      break;
    case 'slot-claimed':
      if (event.detail.slot) targetOf(remembered, event)?.ill.delete(event.detail.slot);
      break;
    case 'routing-applied':
      moved(remembered, event, facts);
      break;
    default:
      if (facts) steps(remembered, facts, event);
  }
}

function steps(remembered: Remembered, facts: DeploymentFacts, event: AuditRead): void {
  const there = targetOf(remembered, event);
  takeEvent(facts, event);
  if (!there) return;
  if (event.action === 'turned-back') turnedBack(there, facts, event.code ?? 'unknown');
  if (event.action === 'deployment-finished') ended(there, facts);
}

function targetOf({ targets }: Remembered, event: Pick<AuditRead, 'service' | 'target'>): TargetHistory | undefined {
  const { service, target } = event;
  if (service === null || target === null) return undefined;
  const key = `${service}/${target}`;
  const known = targets.get(key) ?? { ...usersThere(service, target), order: new Map(), first: new Set() };
  targets.set(key, known);
  return known;
}

function begin(remembered: Remembered, event: AuditRead<'deployment-requested'>): void {
  const facts = newDeployment(event);
  if (!facts || remembered.deployments.has(facts.id)) return;
  remembered.deployments.set(facts.id, facts);
  // It was put first in the queue: a hotfix.
  if (targetOf(remembered, event)?.first.delete(facts.version)) facts.isRework = true;
}

function rememberCommit({ commits }: Remembered, event: AuditRead<'build-announced'>): void {
  const { build, version, committedAt } = event.detail;
  if (event.service === null || committedAt === undefined) return;
  const commit = { at: committedAt, row: event.seq };
  // A version is immutable: the first announcement holds.
  for (const key of [build === undefined ? undefined : `#${build}`, version])
    if (key !== undefined && !commits.has(`${event.service} ${key}`)) commits.set(`${event.service} ${key}`, commit);
}

function health(
  remembered: Remembered,
  event: AuditRead<'health-changed' | 'crashed'>,
  condition: string | null,
): void {
  const there = targetOf(remembered, event);
  const { slot, role } = event.detail;
  if (there && slot) healthChanged(there, { slot, condition, isLive: role === 'active', mark: markOf(event) });
}

function moved(remembered: Remembered, event: AuditRead<'routing-applied'>, facts: DeploymentFacts | undefined): void {
  const there = targetOf(remembered, event);
  const { routing } = event.detail;
  if (!there || !routing) return;
  const mark = markOf(event);
  const open = openBefore(there, facts);
  const isPromoted = facts !== undefined && follow(there, facts, { share: usersOf(facts.slot, routing), mark });
  usersMoved(there, { active: routing.active, shareOf: (slot) => usersOf(slot, routing), mark });
  if (isPromoted) judgeMove(there, facts, open);
}

/** @returns whether it gave all users its release just now */
function follow(
  there: TargetHistory,
  facts: DeploymentFacts,
  { share, mark }: { readonly share: number; readonly mark: Mark },
): boolean {
  if (share === 0) {
    if (facts.users !== undefined) facts.usersGone ??= mark;
    if (there.live === facts) there.live = facts.before;
    return false;
  }
  if (facts.users === undefined) {
    facts.users = mark;
    facts.isBack = isBack(there, facts);
  }
  if (share < 100 || facts.promoted !== undefined) return false;
  facts.promoted = mark;
  facts.isFirst = !there.order.has(facts.version);
  if (facts.isFirst) there.order.set(facts.version, there.order.size);
  facts.before = there.live;
  there.live = facts;
  return true;
}

/** A rollback, or any way to a version that was live there before the present one. */
function isBack({ order, live }: TargetHistory, { mode, version, from }: DeploymentFacts): boolean {
  if (mode === 'rollback') return true;
  const now = order.get(live?.version ?? from ?? '');
  const then = order.get(version);
  return now !== undefined && then !== undefined && then < now;
}

/** Whether an incident lasts, and whether it is one of another side than that of the deployment. */
function openBefore({ open }: TargetHistory, facts: DeploymentFacts | undefined): OpenBefore {
  return { isOpen: open !== undefined, isOthers: open !== undefined && open.slot !== facts?.slot };
}

interface OpenBefore {
  readonly isOpen: boolean;
  readonly isOthers: boolean;
}

/** `open`: just before users got its release. */
function judgeMove(there: TargetHistory, facts: DeploymentFacts, open: OpenBefore): void {
  const { before, isBack: goesBack, requested, promoted = requested } = facts;
  if (goesBack) {
    if (before && !before.isBack) before.failed ??= promoted;
    if (!open.isOpen) addIncident(there, 'rollback', requested, promoted);
  } else if (open.isOthers) facts.isRework = true;
}

function turnedBack(there: TargetHistory, facts: DeploymentFacts, code: string): void {
  if (facts.users === undefined || facts.usersGone !== undefined) return;
  const outcome = outcomeOf(code, { isPromoted: facts.promoted !== undefined });
  if (isForCause(outcome))
    openIncident(there, { kind: 'deployment', began: facts.backDecided ?? facts.users, slot: facts.slot });
}

function ended(there: TargetHistory, facts: DeploymentFacts): void {
  const { finished } = facts;
  if (finished === undefined) return;
  // A step that finds the balancer there already writes no row of routing.
  if (finished.outcome === 'promoted' && follow(there, facts, { share: 100, mark: finished }))
    judgeMove(there, facts, openBefore(there, facts));
  if (isForCause(finished.outcome) && facts.users !== undefined && !facts.isBack) facts.failed ??= finished;
}
