// A report: the figures of a period, with the rows of the audit log that they come from. Pure: the log, read whole, in.

import type { IncidentEvidence, MoveEvidence, Report } from '../api/report.ts';
import type { GoalSettings } from '../config/report/report.ts';
import type { Mark } from './deployments.ts';
import { compareGoals } from './goals.ts';
import type { History } from './history.ts';
import type { Incident } from './incidents.ts';
import { compareText, figuresOf, isRework, type Move, select } from './measures.ts';

export interface ReportInput {
  readonly period: Report['period'];
  readonly scope: Report['scope'];
  readonly goals: GoalSettings;
  readonly log: { readonly first: Mark | undefined; readonly last: number };
}

export function reportOf(history: History, { period, scope, goals, log }: ReportInput): Report {
  const { since, until } = period;
  const selected = select(history, { since, until, ...scope });
  const figures = figuresOf(selected);
  return {
    period,
    scope,
    figures,
    targets: byTarget(history, { period, scope }),
    goals: compareGoals(figures, goals),
    moves: selected.moves.toSorted((left, right) => left.at - right.at).map(moveEvidence),
    incidents: [...selected.incidents, ...selected.unrestored].map(incidentEvidence),
    log: {
      firstRow: log.first?.seq ?? 0,
      lastRow: log.last,
      beginsAt: log.first && log.first.at > since ? log.first.at : undefined,
    },
  };
}

function byTarget(history: History, { period, scope }: Pick<ReportInput, 'period' | 'scope'>): Report['targets'] {
  const places = new Map<string, { readonly service: string; readonly target: string }>();
  for (const { service, target } of history.deployments())
    if ((scope.service ?? service) === service && (scope.target ?? target) === target)
      places.set(`${service}/${target}`, { service, target });
  if (places.size < 2) return [];
  return [...places]
    .toSorted(([left], [right]) => compareText(left, right))
    .map(([, place]) => ({
      ...place,
      figures: figuresOf(select(history, { since: period.since, until: period.until, ...place })),
    }));
}

function moveEvidence({ facts, at, commit }: Move): MoveEvidence {
  const { id, service, target, version, mode, requested, users, promoted, failed, isBack } = facts;
  return {
    deployment: id,
    service,
    target,
    version,
    mode,
    at,
    requestedRow: requested.seq,
    usersRow: (users ?? requested).seq,
    promotedRow: promoted?.seq,
    isBack,
    isRework: isRework(facts),
    failedRow: failed?.seq,
    commitRow: commit?.row,
  };
}

function incidentEvidence({ service, target, kind, began, ended }: Incident): IncidentEvidence {
  return { service, target, kind, from: began.at, fromRow: began.seq, to: ended?.at, toRow: ended?.seq };
}
