// From single reports to a condition.

import type { HealthSettings } from '../config/settings-health.ts';
import type { HealthReport } from './health.ts';

/** What a row of reports adds up to: one bad answer is not yet an illness, one good one not yet a recovery. */
export interface HealthState {
  readonly condition: 'unknown' | 'healthy' | 'unhealthy';
  /** In a row, up to the last report; one of the two is 0. */
  readonly failures: number;
  readonly successes: number;
  /** The last failure's sentence, until the next success. */
  readonly problem?: string;
  /** Of the last failure: true when the side answered, and answered badly. */
  readonly answered?: boolean;
}

export const unknownHealth: HealthState = { condition: 'unknown', failures: 0, successes: 0 };

/** Pure: the state after one more report. */
export function nextHealth(
  previous: HealthState,
  report: Pick<HealthReport, 'healthy' | 'answered' | 'problem'>,
  { failures, successes }: Pick<HealthSettings, 'failures' | 'successes'>,
): HealthState {
  if (report.healthy) {
    const inRow = previous.successes + 1;
    return { condition: inRow >= successes ? 'healthy' : previous.condition, failures: 0, successes: inRow };
  }
  const inRow = previous.failures + 1;
  const problem = report.problem === undefined ? {} : { problem: report.problem };
  const condition = inRow >= failures ? 'unhealthy' : previous.condition;
  return { condition, failures: inRow, successes: 0, answered: report.answered, ...problem };
}
