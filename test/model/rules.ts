// The rules as the documents say them: for what reasons a verb about a deployment refuses. Written from docs/, not from
// the engine, and short enough to be read in one go.

import type { RefusalCode } from '../../packages/engine/src/domain/refusal.ts';
import { frozenAt } from './freezes.ts';
import { type Deployment, isLocked, type Model, stepOf } from './model.ts';
import { type ActorName, isApprover, isPerson, mayDecide, mayDeploy, mayOperate, rowName } from './people.ts';

export interface Answer {
  /** Each of these holds: the verb must refuse, with one of them. Empty: it must accept. */
  readonly certain: readonly RefusalCode[];
  /** It may refuse with these as well, as the model does not follow what they depend on. */
  readonly possible?: readonly RefusalCode[];
}

/** The codes whose condition holds. */
export const codes = (...rules: readonly (readonly [isSo: boolean, code: RefusalCode])[]): readonly RefusalCode[] =>
  rules.filter(([isSo]) => isSo).map(([, code]) => code);

export const driftOf = ({ drifted }: Model): readonly RefusalCode[] => codes([drifted, 'drifted']);

export interface Asked {
  readonly actor: ActorName;
  readonly version: string;
  readonly redeploy: boolean;
  readonly override: boolean;
  readonly reason: boolean;
}

export function deployRefusals(model: Model, asked: Asked, at: number): Answer {
  const { actor, version, redeploy } = asked;
  const isMachine = actor === 'ci';
  const isBad = model.bad.has(version) && model.registered.has(version);
  const own = codes(
    [version === 'v9', 'release-unknown'],
    [isLocked(model, at), 'target-locked'],
    [isMachine && model.suspended, 'target-suspended'],
    [isMachine && isBad, 'quarantined'],
    [model.live !== undefined, 'target-busy'],
    [model.active?.version === version && !redeploy, 'already-active'],
  );
  return { certain: [...mayDeploy(actor), ...freezeRefusals(asked, at), ...own], possible: driftOf(model) };
}

function freezeRefusals({ actor, override, reason }: Asked, at: number): readonly RefusalCode[] {
  const frozen = frozenAt(at);
  if (frozen.length === 0) return [];
  if (!override || !isPerson(actor) || frozen.some((each) => each.override === 'nobody')) return ['target-frozen'];
  if (!isApprover(actor)) return ['not-approver'];
  return reason ? [] : ['reason-missing'];
}

export interface RollbackAsked {
  readonly actor: ActorName;
  readonly version: string | undefined;
  readonly from: string | undefined;
}

/** Never for a lock or a freeze. */
export function rollbackRefusals(model: Model, asked: RollbackAsked, at: number): Answer {
  const roles = mayOperate(asked.actor);
  if (model.live) return { certain: [...roles, ...takeBackRefusals(model.live, asked.version)] };
  const { version } = asked;
  const own = version === undefined ? plainRefusals(model, asked.from, at) : namedRefusals(model, version);
  return { certain: [...roles, ...own], possible: driftOf(model) };
}

function takeBackRefusals(live: Deployment, version: string | undefined): readonly RefusalCode[] {
  const isSame = live.mode === 'rollback' && !live.unwinding && (version === undefined || version === live.version);
  return codes(
    [live.unwinding || live.givenUp || isSame, 'already-decided'],
    [version !== undefined && version !== live.from?.version, 'target-busy'],
  );
}

function plainRefusals(model: Model, from: string | undefined, at: number): readonly RefusalCode[] {
  const { active, onceLive, bad } = model;
  const hasGood = [...onceLive].some((each) => each !== active?.version && !bad.has(each));
  return codes(
    [from === undefined && wentBackJustNow(model, at), 'already-decided'],
    [from !== undefined && active !== undefined && from !== active.version, 'already-decided'],
    [active === undefined || !hasGood, 'no-rollback-target'],
  );
}

function namedRefusals({ active, onceLive, bad }: Model, version: string): readonly RefusalCode[] {
  const isActive = version === active?.version;
  return codes(
    [active === undefined || !(onceLive.has(version) || isActive), 'no-rollback-target'],
    [isActive, 'already-active'],
    [bad.has(version) && onceLive.has(version), 'quarantined'],
  );
}

const justNowMs = 5 * 60_000;

function wentBackJustNow({ ended, active }: Model, at: number): boolean {
  const last = ended.at(-1);
  if (!last || !active) return false;
  const isBack = last.mode === 'rollback' ? last.outcome === 'promoted' : last.outcome === 'rolled-back';
  return isBack && (last.finishedAt ?? 0) >= at - justNowMs;
}

export interface Click {
  readonly actor: ActorName;
  readonly on: Deployment | undefined;
  readonly isStale: boolean;
  readonly at: number;
}

export function steerRefusals(verb: 'abort' | 'pause' | 'resume', { actor, on, isStale }: Click): Answer {
  const roles = mayOperate(actor);
  if (!on) return { certain: [...roles, 'no-such-deployment'] };
  if (on.outcome !== undefined) return { certain: [...roles, 'not-allowed-now'] };
  const isPaused = on.pausedAt !== undefined;
  const own = codes(
    [isStale, 'stale-card'],
    [verb === 'abort' && (on.unwinding || on.givenUp), 'already-decided'],
    [verb === 'pause' && isPaused, 'already-decided'],
    [verb === 'pause' && on.unwinding, 'not-allowed-now'],
    [verb === 'resume' && !isPaused, 'not-allowed-now'],
  );
  return { certain: [...roles, ...own] };
}

export function approvalRefusals(model: Model, verb: 'approve' | 'reject' | 'extend', click: Click): Answer {
  const { actor, on, isStale, at } = click;
  const team = codes([actor === 'eve', 'not-in-team']);
  if (!on) return { certain: [...team, 'no-such-deployment'] };
  const { approval } = on;
  if (!approval) return { certain: [...team, 'not-allowed-now'] };
  if (approval.status !== 'pending') return { certain: [...team, 'already-decided'] };
  // Who asked for it may take it back at any time.
  const people = verb === 'reject' && rowName(actor) === on.by ? [] : mayDecide(actor, on);
  const isOver = model.rules.onTimeout === 'abort' && on.pausedAt === undefined && approval.deadlineAt <= at;
  const isVote = verb === 'approve';
  const own = codes(
    [isStale, 'stale-card'],
    [isVote && isLocked(model, at), 'target-locked'],
    [isVote && (isOver || approval.votes.has(rowName(actor))), 'already-decided'],
  );
  return { certain: [...team, ...people, ...own] };
}

export function promoteRefusals(model: Model, click: Click & { readonly full: boolean }): Answer {
  const { actor, on, isStale, at, full } = click;
  const roles = mayOperate(actor);
  if (!on) return { certain: [...roles, 'no-such-deployment'] };
  if (on.outcome !== undefined) return { certain: [...roles, 'not-allowed-now'] };
  const step = stepOf(on);
  const moves = step === 'hold' || step === 'watch' || step === 'await-approval';
  const still = codes(
    [isStale, 'stale-card'],
    [on.pausedAt !== undefined || on.unwinding || !moves, 'not-allowed-now'],
  );
  if (step === 'await-approval')
    return { certain: [...roles, ...still, ...approvalRefusals(model, 'approve', click).certain] };
  const deciders = moves && (full || step === 'watch') ? mayDecide(actor, on) : [];
  const isShort = full && model.rules.needed > 1 && on.steps?.includes('await-approval') === true;
  // One approver's word is no replacement for the approvals of two.
  const own = codes([moves && isLocked(model, at), 'target-locked'], [moves && isShort, 'approvals-needed']);
  return { certain: [...roles, ...still, ...deciders, ...own] };
}
