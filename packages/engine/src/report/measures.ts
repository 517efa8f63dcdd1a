// The figures of a period, from what the log says. Each belongs to the moment at which it was known to users: a change to
// the one at which they got it, an incident to the one at which it ended. So the parts of a period add up.

import type { Figures, OutcomeCount } from '../api/report.ts';
import type { DeploymentFacts } from './deployments.ts';
import { isForCause } from './deployments.ts';
import type { Commit, History } from './history.ts';
import type { Incident } from './incidents.ts';
import { durationMs, spreadOf, unionMs } from './spread.ts';

export interface Selected {
  readonly since: number;
  readonly until: number;
  readonly finished: readonly DeploymentFacts[];
  /** Gave users a release, and were promoted or failed. */
  readonly moves: readonly Move[];
  readonly incidents: readonly Incident[];
  readonly unrestored: readonly Incident[];
  /** From the decision to the proof. */
  readonly rollbacksMs: readonly number[];
}

export interface Move {
  readonly facts: DeploymentFacts;
  readonly at: number;
  readonly commit: Commit | undefined;
}

interface Part {
  readonly since: number;
  readonly until: number;
  readonly service?: string | undefined;
  readonly target?: string | undefined;
}

type Placed = Pick<DeploymentFacts, 'service' | 'target'>;

export function select(history: History, part: Part): Selected {
  const { since, until } = part;
  const isThere = ({ service, target }: Placed) =>
    (part.service ?? service) === service && (part.target ?? target) === target;
  const isIn = (at: number | undefined) => at !== undefined && at >= since && at < until;
  const deployments = [...history.deployments()].filter(isThere);
  const incidents = [...history.incidents()].filter(isThere);
  return {
    since,
    until,
    finished: deployments.filter(({ finished }) => isIn(finished?.at)),
    moves: deployments.flatMap((facts) => {
      const at = movedAt(facts);
      return at !== undefined && isIn(at) ? [{ facts, at, commit: history.commitOf(facts) }] : [];
    }),
    incidents: incidents.filter(({ ended }) => isIn(ended?.at)),
    unrestored: incidents.filter(({ began, ended }) => ended === undefined && began.at < until),
    rollbacksMs: deployments.flatMap((facts) => wayBackOf(facts, isIn) ?? []),
  };
}

/** A canary that a person gave up, or that nobody approved in time, is no change: undefined. */
function movedAt({ users, promoted, finished }: DeploymentFacts): number | undefined {
  if (promoted) return promoted.at;
  return users && finished && isForCause(finished.outcome) ? users.at : undefined;
}

/** A rollback, or a deployment that was taken back after it gave all users its release. */
function wayBackOf(facts: DeploymentFacts, isIn: (at: number | undefined) => boolean): number | undefined {
  const { isBack, mode, requested, proved, promoted, backDecided, usersGone } = facts;
  const isOne = isBack && (mode === 'rollback' || mode === 'switch');
  const [from, to] = isOne ? [requested, proved] : promoted && !isBack ? [backDecided, usersGone] : [];
  return from && to && isIn(to.at) ? durationMs(from.at, to.at) : undefined;
}

const weekMs = 7 * 86_400_000;

export function figuresOf(selected: Selected): Figures {
  const { since, until, finished, moves, incidents, unrestored, rollbacksMs } = selected;
  const forward = moves.filter(({ facts }) => !facts.isBack);
  const promoted = moves.filter(({ facts }) => facts.promoted !== undefined);
  const deployments = forward.filter(({ facts }) => facts.promoted !== undefined);
  const failed = forward.filter(({ facts }) => facts.failed !== undefined);
  const reworked = promoted.filter(({ facts }) => isRework(facts));
  const waits = deployments.flatMap(({ facts }) => waitedMs(facts) || []);
  return {
    finished: finished.length,
    outcomes: outcomesOf(finished),
    deployments: deployments.length,
    perWeek: deployments.length === 0 ? undefined : (deployments.length * weekMs) / (until - since),
    leadTime: leadTimesOf(deployments),
    changes: forward.length,
    failedChanges: failed.length,
    changeFailureRate: rate(failed.length, forward.length),
    restore: spreadOf(incidents.flatMap(({ began, ended }) => (ended && durationMs(began.at, ended.at)) ?? [])),
    unrestored: unrestored.length,
    moves: promoted.length,
    reworked: reworked.length,
    reworkRate: rate(reworked.length, promoted.length),
    rollback: spreadOf(rollbacksMs),
    peopleWaiting: spreadOf(waits),
    withoutPeople: spreadOf(deployments.flatMap(({ facts }) => withoutPeopleMs(facts) ?? [])),
  };
}

const rate = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);

export const isRework = ({ isBack, isRework: marked }: DeploymentFacts): boolean => isBack || marked;

/** A version counts once per target: deployed again, its commits are no news to users. */
function leadTimesOf(deployments: readonly Move[]): Figures['leadTime'] {
  const first = deployments.filter(({ facts }) => facts.isFirst);
  const fromCommit = first.flatMap(({ at, commit }) => (commit && durationMs(commit.at, at)) ?? []);
  const others = first.filter(({ at, commit }) => commit === undefined || durationMs(commit.at, at) === undefined);
  return {
    fromCommit: spreadOf(fromCommit),
    fromRequest: spreadOf(others.flatMap(({ at, facts }) => durationMs(facts.requested.at, at) ?? [])),
  };
}

function waitedMs({ waits, promoted }: DeploymentFacts): number {
  const end = promoted?.at ?? Number.POSITIVE_INFINITY;
  return unionMs(
    waits.filter(({ from }) => from < end).map(({ from, to = end }) => [from, Math.max(from, Math.min(to, end))]),
  );
}

function withoutPeopleMs(facts: DeploymentFacts): number | undefined {
  const whole = facts.promoted && durationMs(facts.requested.at, facts.promoted.at);
  return whole === undefined ? undefined : Math.max(0, whole - waitedMs(facts));
}

function outcomesOf(deployments: readonly DeploymentFacts[]): readonly OutcomeCount[] {
  const counts = new Map<string, OutcomeCount>();
  for (const { finished } of deployments) {
    if (!finished) continue;
    const { outcome, code } = finished;
    const count = (counts.get(`${outcome} ${code}`)?.count ?? 0) + 1;
    counts.set(`${outcome} ${code}`, { outcome, code, count });
  }
  return [...counts.values()].toSorted(
    (left, right) =>
      right.count - left.count || compareText(left.outcome, right.outcome) || compareText(left.code, right.code),
  );
}

export const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
