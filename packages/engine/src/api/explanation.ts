// What decided a canary: the verdict of each share that users had, with what it was made from, and what people did.

import type { Judgement } from '../analysis/judge.ts';
import type { Confounder } from '../domain/confounder.ts';
import type { SlotName } from '../domain/target.ts';
import type { CheckView, OutcomeView } from './deployment.ts';
import type { StepNumbers } from './timeline.ts';

/** As it was configured at the moment of the verdict. */
export interface JudgeRule {
  readonly mode: 'manual' | 'automatic';
  readonly minRequests: number;
  /** 0.05 is 5 %. */
  readonly maxErrorRate: number;
  readonly falseRollback: number;
  readonly leastMs: number;
  readonly patienceMs: number;
  readonly atEnd: 'abort' | 'ask';
  /** Up to so much, the new side counts as no worse. */
  readonly margins: {
    /** Times the rate of errors of the stable side. */
    readonly errorRatio: number;
    /** Or a rate of errors below this. */
    readonly errorRate: number;
    /** Times the latency of the stable side. */
    readonly latency: readonly { readonly quantile: string; readonly ratio: number }[];
    /** Or so many milliseconds more. */
    readonly latencyMs: number;
  };
}

/** What the journal stores with the numbers of a step. */
export interface JudgedWith {
  readonly rule: JudgeRule;
  /** Of the users, on the new side. */
  readonly percent: number;
  /** The result of the comparison of both sides. */
  readonly advice?: Judgement | undefined;
  /** With what was asked, filled in. At most 20, each with at most four queries. */
  readonly checks: readonly CheckView[];
}

/** Whose answer the verdict is. */
export type Decider =
  | { readonly by: 'limits' | 'comparison' | 'measurement' }
  | { readonly by: 'check'; readonly check: string };

export interface JudgedShare {
  /** Of its step. */
  readonly title: string;
  readonly position: number;
  readonly startedAt: number;
  /** Undefined while users still have it: then everything is as of now. */
  readonly endedAt: number | undefined;
  /** How the step ended; empty while it runs. */
  readonly sentence: string;
  readonly code: string | undefined;
  readonly numbers: StepNumbers;
  readonly decider: Decider;
  /** `error-rate`, `p99`, or the name of a check; undefined where nothing failed. */
  readonly metric: string | undefined;
  /** Undefined in what an earlier version wrote. */
  readonly judged: JudgedWith | undefined;
  /** The rule in plain words. */
  readonly words: readonly string[];
}

/** How what a person did relates to a verdict; `open`: there was no verdict for or against the release. */
export type Stance = 'with' | 'against' | 'open';

export interface PersonAct {
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly sentence: string;
  /** Title of the step in which it happened, where that was judged. */
  readonly during: string | undefined;
  /** To the verdict and to the comparison at the end of that step; undefined for a pause and where nothing was judged. */
  readonly toVerdict: Stance | undefined;
  readonly toComparison: Stance | undefined;
}

export interface ExplanationView {
  readonly id: string;
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly version: string;
  readonly from: string | undefined;
  readonly slot: SlotName;
  readonly outcome: OutcomeView | undefined;
  /** In one sentence. */
  readonly summary: string;
  /** Position of the step whose verdict ended the deployment; undefined where something else did. */
  readonly decidedAt: number | undefined;
  readonly shares: readonly JudgedShare[];
  readonly acts: readonly PersonAct[];
  /** What else changed while users were on both sides: a difference may come from it. */
  readonly confounders: readonly Confounder[];
  readonly remarks: readonly string[];
}
