// What a report says: the figures of a period, and the rows of the audit log that each of them comes from.

import type { GoalSettings } from '../config/report/report.ts';
import type { Mode, OutcomeKind } from '../domain/deployment.ts';
import type { Result } from '../domain/refusal.ts';

export interface ReportRequest {
  /** A date, or a date with a time, in `zone`; or a duration before now. Default: seven days before `until`. */
  readonly since?: string | undefined;
  /** Default: now. */
  readonly until?: string | undefined;
  /** IANA zone. Default: that of `summary`, else UTC. */
  readonly zone?: string | undefined;
  /** Default: all services. */
  readonly service?: string | undefined;
  /** Default: all targets. */
  readonly target?: string | undefined;
}

/** Of durations in ms: `count` is never 0, since without durations there is no spread. */
export interface Spread {
  readonly count: number;
  readonly medianMs: number;
  /** The smallest one that at least 95 % do not exceed. */
  readonly p95Ms: number;
}

export interface OutcomeCount {
  readonly outcome: OutcomeKind;
  readonly code: string;
  readonly count: number;
}

/** A rate is undefined where there is nothing that it could be a share of. */
export interface Figures {
  /** Deployments that ended in the period, in any way. */
  readonly finished: number;
  readonly outcomes: readonly OutcomeCount[];
  /** Deployments that gave all users a release, a way back not included. */
  readonly deployments: number;
  readonly perWeek: number | undefined;
  readonly leadTime: {
    /** Of releases whose build said when the commit was made. */
    readonly fromCommit: Spread | undefined;
    /** Of the others: from the request. */
    readonly fromRequest: Spread | undefined;
  };
  /** Deployments that gave users a release, and were promoted or taken back for cause. */
  readonly changes: number;
  readonly failedChanges: number;
  readonly changeFailureRate: number | undefined;
  readonly restore: Spread | undefined;
  /** Began before the end of the period, and has not ended by the last row of the log. */
  readonly unrestored: number;
  /** Promoted deployments, ways back included. */
  readonly moves: number;
  readonly reworked: number;
  readonly reworkRate: number | undefined;
  /** From the decision to the proof that users are back. */
  readonly rollback: Spread | undefined;
  /** Of promoted deployments: how long people were waited for. */
  readonly peopleWaiting: Spread | undefined;
  /** From the request to all users, without what people were waited for. */
  readonly withoutPeople: Spread | undefined;
}

export interface TargetFigures {
  readonly service: string;
  readonly target: string;
  readonly figures: Figures;
}

/** One deployment that moved users, with the rows of the log that say so. */
export interface MoveEvidence {
  readonly deployment: string;
  readonly service: string;
  readonly target: string;
  readonly version: string;
  readonly mode: Mode;
  readonly at: number;
  readonly requestedRow: number;
  readonly usersRow: number;
  /** All users; undefined where it was taken back before. */
  readonly promotedRow: number | undefined;
  readonly isBack: boolean;
  readonly isRework: boolean;
  /** The row that says that it failed. */
  readonly failedRow: number | undefined;
  /** Row of the build that says when the commit was made. */
  readonly commitRow: number | undefined;
}

export interface IncidentEvidence {
  readonly service: string;
  readonly target: string;
  readonly kind: 'deployment' | 'illness' | 'rollback';
  readonly from: number;
  readonly fromRow: number;
  readonly to: number | undefined;
  readonly toRow: number | undefined;
}

export interface GoalResult {
  readonly goal: keyof GoalSettings;
  /** In ms, as a share, or a number per week. */
  readonly wanted: number;
  /** Undefined where the period has no figure for it. */
  readonly actual: number | undefined;
  readonly isMet: boolean | undefined;
}

export interface Report {
  readonly period: {
    readonly since: number;
    /** Not included. */
    readonly until: number;
    readonly zone: string;
    /** The same as wall times with their zone. */
    readonly local: { readonly since: string; readonly until: string };
  };
  readonly scope: { readonly service: string | undefined; readonly target: string | undefined };
  readonly figures: Figures;
  /** By target, where there is more than one. */
  readonly targets: readonly TargetFigures[];
  readonly goals: readonly GoalResult[];
  readonly moves: readonly MoveEvidence[];
  readonly incidents: readonly IncidentEvidence[];
  /** What it was computed from. */
  readonly log: {
    readonly firstRow: number;
    readonly lastRow: number;
    /** Set where the log begins after the period does. */
    readonly beginsAt: number | undefined;
  };
}

export interface Proof {
  readonly isEqual: boolean;
  /** Each is a sentence: what is broken in the export, or which figure differs. */
  readonly differences: readonly string[];
  /** Of the export. */
  readonly rows: number;
  readonly report: Report | undefined;
}

/** A period that ended, of which people get a summary. */
export interface DueSummary {
  /** Number of the local day on which the period ended: grows from period to period. */
  readonly day: number;
  /** Periods before it that had no summary. */
  readonly missed: number;
  readonly every: 'day' | 'week';
  readonly request: ReportRequest & { readonly since: string; readonly until: string; readonly zone: string };
}

export interface Reports {
  /** Computed from the audit log alone. */
  of(request: ReportRequest): Promise<Result<Report>>;
  /** The same figures from the lines of `bg audit export`, compared with those of this state. */
  prove(request: ReportRequest, lines: AsyncIterable<string>): Promise<Result<Proof>>;
  /** The summary that is due, when the last one was of the period that ended on `lastDay` (0: none yet). */
  dueSummary(lastDay: number): DueSummary | undefined;
}
