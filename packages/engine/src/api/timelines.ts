// What a caller may ask about a deployment that it looks back on.

import type { Result } from '../domain/refusal.ts';
import type { TargetRef } from '../domain/target.ts';
import type { ExplanationView } from './explanation.ts';
import type { JudgeReportView } from './judge-report.ts';
import type { ReplayView } from './replay.ts';
import type { TimelineView } from './timeline.ts';
import type { TrendView } from './trend.ts';

export interface Timelines {
  /** `word`: an id, the beginning of one, or `latest` of the target. */
  find(word: string, ref: TargetRef): Result<TimelineView>;
  /** What decided it, and what people did with or against that. */
  explain(word: string, ref: TargetRef): Result<ExplanationView>;
  /** Judges a canary once more from its recording. `file` instead of `word`: from that file. */
  replay(
    word: string,
    ref: TargetRef,
    more: { readonly file?: string | undefined; readonly set?: string | undefined },
  ): Result<ReplayView>;
  /** What the comparison said of the last canaries of a target. */
  judged(ref: TargetRef): Result<JudgeReportView>;
  of(id: string): TimelineView | undefined;
  /** Both sides over time; undefined where no user was on the new side yet, or the balancer does not count. */
  trend(id: string): TrendView | undefined;
}
