// What the comparison said of the canaries of a target, and what became of them.

import type { Verdict } from '../analysis/judge.ts';
import type { OutcomeKind } from '../domain/deployment.ts';

export interface JudgedCanary {
  readonly id: string;
  readonly version: string;
  /** Of the comparison. */
  readonly compared: Verdict;
  readonly sentence: string;
  readonly ended: OutcomeKind;
}

export interface JudgeReportView {
  /** Of the target. */
  readonly name: string;
  /** Finished deployments of which users were on both sides, and were compared. */
  readonly compared: number;
  readonly notCompared: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** What people did, to what the comparison said then. */
  readonly acts: { readonly with: number; readonly against: number; readonly open: number };
  /** Called bad, and promoted all the same: the comparison was wrong, or a bad release is live. */
  readonly disputed: readonly JudgedCanary[];
  /** Called good, and taken back after it was promoted. */
  readonly missed: readonly JudgedCanary[];
  readonly isReady: boolean;
  /** Whether `mode: automatic` may be tried, and why not. */
  readonly advice: string;
}
