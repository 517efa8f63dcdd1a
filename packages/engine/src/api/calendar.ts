// What the calendar of a target says: for people who ask before they plan.

import type { Result } from '../domain/refusal.ts';
import type { TargetRef } from '../domain/target.ts';

export interface CalendarRequest extends TargetRef {
  /** `2026-12-01` or `2026-12-01 22:00`, in `zone`. Default: now. */
  readonly from?: string | undefined;
  /** Default: 14 days after `from`. */
  readonly to?: string | undefined;
  /** IANA zone. Default: that of the first freeze, else UTC. */
  readonly zone?: string | undefined;
}

export interface CalendarSpan {
  readonly state: 'open' | 'refused';
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** The same as wall times with their zone. */
  readonly local: { readonly from: string; readonly to: string };
  /** Which freezes refuse; empty where it is open. */
  readonly freezes: readonly string[];
  /** Who may deploy all the same, with a reason; undefined where it is open. */
  readonly override: 'approvers' | 'people' | 'nobody' | undefined;
  /** What a change of the clock moved. */
  readonly moved: readonly string[];
}

export interface CalendarSourceView {
  readonly freeze: string;
  readonly source: string;
  /** Age of the copy in ms, for a URL; undefined for a file, and while it has not been read. */
  readonly ageMs: number | undefined;
  readonly problem: string | undefined;
}

export interface CalendarView {
  readonly name: string;
  readonly zone: string;
  readonly spans: readonly CalendarSpan[];
  readonly sources: readonly CalendarSourceView[];
}

export interface CalendarVerbs {
  /** What would be open, refused and moved. Changes nothing. */
  calendar(request: CalendarRequest): Result<CalendarView>;
}
