// A report in words: the same ones on the command line, in Slack and in mail. No figure is named where there is none.

import type { Figures, GoalResult, OutcomeCount, Report, Spread } from '../api/report.ts';
import type { GoalSettings } from '../config/report/report.ts';
import { forHowLong } from '../domain/times.ts';

/** What happened, in one line. */
export function headlineOf({ figures }: Pick<Report, 'figures'>): string {
  const { deployments, failedChanges, moves, changes, restore, unrestored, finished } = figures;
  const back = moves - deployments;
  const parts = [
    deployments === 0
      ? finished === 0
        ? 'no deployments'
        : 'no deployment was promoted'
      : counted(deployments, 'deployment'),
    ...(changes === 0 ? [] : [failedChanges === 0 ? 'none failed' : `${failedChanges} failed`]),
    ...(back === 0 ? [] : [counted(back, 'rollback')]),
    ...(restore === undefined ? [] : [`users were well again after ${durationWords(restore.medianMs)}`]),
    ...(unrestored === 0 ? [] : [`${unrestored} not restored yet`]),
  ];
  return parts.join(', ');
}

export interface FigureRow {
  readonly label: string;
  readonly text: string;
}

/** Empty where the period has no figure at all. */
export function figureRows(figures: Figures): readonly FigureRow[] {
  const { leadTime, restore, unrestored, rollback, peopleWaiting, withoutPeople, outcomes } = figures;
  const leads = [
    spreadWords(leadTime.fromCommit, 'from the commit'),
    spreadWords(leadTime.fromRequest, 'from the request, commit unknown'),
  ];
  const restored = [spreadWords(restore), unrestored === 0 ? undefined : `${unrestored} not restored yet`];
  const rows: readonly (readonly [string, string | undefined])[] = [
    [
      'Deployments',
      figures.perWeek === undefined ? undefined : `${figures.deployments}, ${number(figures.perWeek)} per week`,
    ],
    ['Lead time', joined(leads)],
    ['Change failure rate', rateWords(figures.changeFailureRate, figures.failedChanges, figures.changes)],
    ['Time to restore', joined(restored)],
    ['Rework rate', rateWords(figures.reworkRate, figures.reworked, figures.moves)],
    ['Rollback', spreadWords(rollback)],
    ['Waiting for people', spreadWords(peopleWaiting)],
    ['Time without people', spreadWords(withoutPeople)],
    ['Outcomes', outcomes.length === 0 ? undefined : outcomes.map(outcomeWords).join(', ')],
  ];
  return rows.flatMap(([label, text]) => (text === undefined ? [] : [{ label, text }]));
}

const joined = (parts: readonly (string | undefined)[]): string | undefined => {
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : known.join('; ');
};

function spreadWords(spread: Spread | undefined, basis?: string): string | undefined {
  if (!spread) return undefined;
  const { count, medianMs, p95Ms } = spread;
  const from = basis === undefined ? '' : ` ${basis}`;
  return count === 1
    ? `${durationWords(medianMs)}${from} (one)`
    : `median ${durationWords(medianMs)}, 95 % within ${durationWords(p95Ms)}${from} (${count})`;
}

function rateWords(rate: number | undefined, part: number, whole: number): string | undefined {
  return rate === undefined ? undefined : `${percent(rate)} (${part} of ${whole})`;
}

const outcomeWords = ({ outcome, code, count }: OutcomeCount): string =>
  outcome === 'promoted' ? `${count} promoted (${code})` : `${count} ${outcome} (${code})`;

export interface GoalRow {
  readonly label: string;
  readonly text: string;
  readonly isMet: boolean | undefined;
}

export function goalRows(goals: readonly GoalResult[]): readonly GoalRow[] {
  return goals.map(({ goal, wanted, actual, isMet }) => {
    const { label, bound, words } = goalWords[goal];
    const found = actual === undefined ? 'nothing to compare' : words(actual);
    return { label, text: `${found}, wanted ${bound} ${words(wanted)}`, isMet };
  });
}

const goalWords: Readonly<
  Record<
    keyof GoalSettings,
    { readonly label: string; readonly bound: string; readonly words: (value: number) => string }
  >
> = {
  leadTime: { label: 'Lead time (median)', bound: 'at most', words: durationWords },
  deploymentsPerWeek: { label: 'Deployments per week', bound: 'at least', words: number },
  changeFailureRate: { label: 'Change failure rate', bound: 'at most', words: percent },
  restore: { label: 'Time to restore (median)', bound: 'at most', words: durationWords },
  reworkRate: { label: 'Rework rate', bound: 'at most', words: percent },
  rollback: { label: 'Rollback (95 %)', bound: 'at most', words: durationWords },
};

/** `0.4 s`, and from ten seconds on `45 s`, `12 min`, `3 h 20 min`. */
export function durationWords(ms: number): string {
  return ms < 10_000 ? `${number(ms / 1000)} s` : forHowLong(ms);
}

function percent(share: number): string {
  return `${number(share * 100)} %`;
}

function number(value: number): string {
  return String(Number(value.toFixed(1)));
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
