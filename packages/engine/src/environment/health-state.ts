// From single reports to a condition.

import type { HealthSettings } from '../config/health/settings.ts';
import type { HealthReport } from './health-report.ts';

/** A degraded side serves its users: nothing is rolled back or restarted for it, and people are notified. */
export type HealthCondition = 'unknown' | 'healthy' | 'degraded' | 'unhealthy';

export const serves = (condition: HealthCondition | undefined): boolean =>
  condition === 'healthy' || condition === 'degraded';

/** The state after several reports: one bad answer does not make a side unhealthy, one good one does not end that. */
export interface HealthState {
  readonly condition: HealthCondition;
  /** In a row, up to the last report; one of the two is 0. */
  readonly failures: number;
  readonly successes: number;
  /** The last failure's sentence, until the next success. */
  readonly problem?: string;
  /** Of the last failure: true when the side answered, and answered badly. */
  readonly answered?: boolean;
  /** While a side is degraded or just was: whether the last good answer said so, and how many did so in a row. */
  readonly grade?: { readonly degraded: boolean; readonly inRow: number };
}

export const unknownHealth: HealthState = { condition: 'unknown', failures: 0, successes: 0 };

/** Pure: the state after one more report. */
export function nextHealth(
  previous: HealthState,
  report: Pick<HealthReport, 'healthy' | 'answered' | 'problem' | 'degraded'>,
  { failures, successes }: Pick<HealthSettings, 'failures' | 'successes'>,
): HealthState {
  if (report.healthy) return afterGood(previous, report.degraded, { failures, successes });
  const inRow = previous.failures + 1;
  const problem = report.problem === undefined ? {} : { problem: report.problem };
  const condition = inRow >= failures ? 'unhealthy' : previous.condition;
  return { condition, failures: inRow, successes: 0, answered: report.answered, ...problem };
}

/** A side becomes degraded after as many answers in a row as make it unhealthy; as many good ones end that. */
function afterGood(
  previous: HealthState,
  problem: string | undefined,
  { failures, successes }: Pick<HealthSettings, 'failures' | 'successes'>,
): HealthState {
  const inRow = previous.successes + 1;
  const degraded = problem !== undefined;
  const graded = degraded || previous.condition === 'degraded' || previous.grade?.degraded === true;
  const alike = previous.failures === 0 && previous.grade?.degraded === degraded ? previous.grade.inRow + 1 : 1;
  const isSettled = serves(previous.condition)
    ? !graded || alike >= (degraded ? failures : successes)
    : inRow >= successes;
  const condition = isSettled ? (degraded ? 'degraded' : 'healthy') : previous.condition;
  return {
    condition,
    failures: 0,
    successes: inRow,
    ...(graded ? { grade: { degraded, inRow: alike } } : {}),
    ...(degraded ? { problem } : condition === 'degraded' && previous.problem ? { problem: previous.problem } : {}),
  };
}
