// What the audit log says of each deployment, row by row: when it was asked for, when users got it, and how it ended.

import type { AuditRead } from '../domain/audit-events.ts';
import type { Mode, OutcomeKind } from '../domain/deployment.ts';
import { type EndCode, outcomeOf } from '../domain/reasons.ts';
import type { Routing } from '../domain/routing.ts';
import type { SlotName } from '../domain/target.ts';

/** A moment, and the row that says so. */
export interface Mark {
  readonly at: number;
  readonly seq: number;
}

export interface DeploymentFacts {
  readonly id: string;
  readonly service: string;
  readonly target: string;
  readonly version: string;
  readonly mode: Mode;
  readonly slot: SlotName | undefined;
  readonly from: string | undefined;
  readonly build: number | undefined;
  readonly requested: Mark;
  /** First users, then all of them. */
  users?: Mark;
  promoted?: Mark;
  /** Seen through the balancer, after it was promoted. */
  proved?: Mark;
  /** A person asked for the way back, or the engine turned back. */
  backDecided?: Mark;
  /** Users were taken off it by itself. */
  usersGone?: Mark;
  finished?: Mark & { readonly outcome: OutcomeKind; readonly code: string };
  /** By a later deployment, or because it was taken back for cause. */
  failed?: Mark;
  /** To a release that was live there before the one that users had. */
  isBack: boolean;
  isRework: boolean;
  /** The first time that this version got all users there. */
  isFirst: boolean;
  /** What users had before it got all of them. */
  before?: DeploymentFacts | undefined;
  /** For what people were waited for; the last one has no end while it lasts. */
  readonly waits: { readonly kind: WaitKind; readonly from: number; to?: number }[];
}

type WaitKind = 'approval' | 'pause' | 'hold';

export function newDeployment(event: AuditRead<'deployment-requested'>): DeploymentFacts | undefined {
  const { service, target, deploymentId: id, code, detail } = event;
  if (service === null || target === null || id === null || detail.version === undefined) return undefined;
  return {
    id,
    service,
    target,
    version: detail.version,
    mode: modes.find((mode) => mode === code) ?? 'deploy',
    slot: detail.slot,
    from: detail.from ?? undefined,
    build: detail.build,
    requested: markOf(event),
    isBack: false,
    isRework: false,
    isFirst: false,
    waits: [],
  };
}

const modes: readonly Mode[] = ['deploy', 'redeploy', 'rollback', 'switch'];

export const markOf = ({ at, seq }: Mark): Mark => ({ at, seq });

/** Share of users in percent, where the slot is known; without it, any active side is taken for its own. */
export function usersOf(slot: SlotName | undefined, { active, canary }: Pick<Routing, 'active' | 'canary'>): number {
  if (canary && (slot === undefined || canary.slot === slot)) return canary.percent;
  const isActive = active !== undefined && (slot === undefined || active === slot);
  return isActive ? 100 - (canary?.percent ?? 0) : 0;
}

/** Everything but routing. */
export function takeEvent(facts: DeploymentFacts, event: AuditRead): void {
  switch (event.action) {
    case 'abort-asked':
    case 'rollback-asked':
      facts.backDecided ??= markOf(event);
      break;
    case 'turned-back':
      facts.backDecided ??= markOf(event);
      endWaits(facts, event.at);
      break;
    case 'glass-broken':
      facts.isRework = true;
      break;
    case 'deployment-finished':
      endWaits(facts, event.at);
      facts.finished ??= { ...markOf(event), ...endOf(facts, event) };
      break;
    case 'step-done':
      if (event.sentence.startsWith(verified) && facts.promoted !== undefined) facts.proved ??= markOf(event);
      if (event.sentence.startsWith(holding)) endWaits(facts, event.at, 'hold');
      if (event.sentence.startsWith(approving)) endWaits(facts, event.at, 'approval');
      break;
    case 'step-started':
      if (/^hold\b/.test(event.sentence)) beginWait(facts, 'hold', event.at);
      break;
    default:
      takeWait(facts, event);
  }
}

// Rows of steps begin with the step's name.
const verified = 'verify-live: ';
const holding = 'hold: ';
const approving = 'await-approval: ';

function takeWait(facts: DeploymentFacts, { action, at }: AuditRead): void {
  switch (action) {
    case 'approval-asked':
      beginWait(facts, 'approval', at);
      break;
    case 'paused':
      beginWait(facts, 'pause', at);
      break;
    case 'resumed':
      endWaits(facts, at, 'pause');
      break;
    default:
  }
}

function beginWait({ waits }: DeploymentFacts, kind: WaitKind, from: number): void {
  if (!waits.some((wait) => wait.kind === kind && wait.to === undefined)) waits.push({ kind, from });
}

/** Of the kind, or of each. */
function endWaits({ waits }: DeploymentFacts, to: number, kind?: WaitKind): void {
  for (const wait of waits)
    if (wait.to === undefined && (kind === undefined || wait.kind === kind)) wait.to = Math.max(wait.from, to);
}

/** A row of an older version may lack the outcome. */
function endOf({ promoted }: DeploymentFacts, { code, detail }: AuditRead<'deployment-finished'>) {
  const end = code ?? 'unknown';
  const isMode = modes.some((mode) => mode === end);
  const outcome = detail.outcome ?? (isMode ? 'promoted' : outcomeOf(end, { isPromoted: promoted !== undefined }));
  return { outcome, code: end satisfies EndCode | string };
}

const forCause: readonly OutcomeKind[] = ['failed', 'rolled-back', 'halted'];

/** A person's abort before all users, a deadline and a missing verdict say nothing against a release. */
export const isForCause = (outcome: OutcomeKind): boolean => forCause.includes(outcome);
