// What the platform that runs an instance says about its health by a check of its own: evidence in addition to the answers that
// the engine gets, and never in their place.

import type { HealthReport } from './health-report.ts';

export interface OwnCheck {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** For people: who says so, and the last output of the check. */
  readonly sentence: string;
  /** The instance is ill then. Otherwise it is degraded, which moves no user. */
  readonly counts: boolean;
}

/** A capability. */
export interface OwnChecks<Place> {
  /** Of each instance, in order; undefined where there is none, or nothing recent is known. */
  ownChecks?(place: Place): Promise<readonly (OwnCheck | undefined)[]>;
}

/** Pure. */
export function withOwnCheck(report: HealthReport, check: OwnCheck | undefined): HealthReport {
  if (check?.status !== 'unhealthy' || !report.healthy) return report;
  const { degraded = check.sentence, ...rest } = report;
  return check.counts ? { ...rest, healthy: false, problem: check.sentence } : { ...rest, degraded };
}
