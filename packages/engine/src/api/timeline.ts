// A deployment as it was: built from its rows of the audit log and its journal, so that it reads the same years later.

import type { Judgement } from '../analysis/judge.ts';
import type { Direction, Mode, StepName, StepStatus } from '../domain/deployment.ts';
import type { FailedRequest } from '../domain/failed-request.ts';
import type { SlotName } from '../domain/target.ts';
import type { OutcomeView, Receipt } from './deployment.ts';
import type { TrendView } from './trend.ts';

/** `monotonic`: measured by a clock that nobody can set. `wall`: the difference of two times of day. */
export type MeasuredBy = 'monotonic' | 'wall';

/** What one side answered in a step. */
export interface SideNumbers {
  readonly requests: number;
  readonly errors: number;
  readonly connectFailures: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export interface StepNumbers {
  readonly at: number;
  /** Since when they were counted. */
  readonly sinceMs: number;
  readonly stable: SideNumbers;
  readonly canary: SideNumbers;
  readonly judgement: Judgement;
}

export interface TimelineStep {
  /** `fetching` for the time before the plan. */
  readonly name: StepName;
  readonly position: number;
  readonly direction: Direction;
  readonly title: string;
  readonly status: StepStatus;
  readonly startedAt: number;
  /** Undefined while it runs. */
  readonly endedAt: number | undefined;
  readonly ms: number;
  readonly measuredBy: MeasuredBy;
  /** The part of it in which it waited for people. */
  readonly waitedMs: number;
  /** More than one: a process was killed, and the next one began the step again. */
  readonly attempts: number;
  /** How it ended, for people; empty while it runs and for a step that was skipped. */
  readonly sentence: string;
  readonly code: string | undefined;
  readonly numbers: StepNumbers | undefined;
  readonly receipt: Receipt | undefined;
  /** The last lines of the new side when the step failed, without secrets. */
  readonly log: readonly string[];
}

/** Time in which the deployment waited for people, for their calendar, or for another deployment. */
export interface TimelineWait {
  readonly kind: 'schedule' | 'queue' | 'approval' | 'hold' | 'pause' | 'freeze';
  readonly from: number;
  /** Undefined while it waits. */
  readonly to: number | undefined;
  readonly ms: number;
  /** How it ended, for people. */
  readonly sentence: string;
}

export interface TimelineApproval {
  readonly askedAt: number;
  readonly needed: number;
  /** In order; a reject is the last one. */
  readonly decisions: readonly {
    readonly at: number;
    readonly by: string;
    readonly kind: 'approved' | 'rejected' | 'break-glass' | 'extended' | 'expired';
    readonly sentence: string;
  }[];
}

/** Which share of the users was on the new side, and how long. */
export interface TimelineShare {
  readonly percent: number;
  readonly from: number;
  readonly to: number;
}

export interface TimelineRouting {
  readonly at: number;
  readonly generation: number | undefined;
  readonly sentence: string;
  /** Nodes of the balancer that did not answer, and for which the controller did not wait. */
  readonly silent: readonly string[];
}

export interface TimelineEntry {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly code: string | undefined;
  readonly sentence: string;
  /** `around`: it belongs to the target in that time, not to the deployment itself. */
  readonly about: 'deployment' | 'around';
  /** Its last lines of log, where a side crashed. */
  readonly log: readonly string[];
}

export interface TimelineView {
  readonly id: string;
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly mode: Mode;
  readonly version: string;
  readonly digest: string | undefined;
  readonly commit: string | undefined;
  readonly from: string | undefined;
  readonly slot: SlotName;
  readonly requestedBy: string;
  readonly reason: string | undefined;
  /** When a person or CI asked for it; before `beganAt` where it waited in the queue. */
  readonly askedAt: number;
  readonly beganAt: number;
  readonly endedAt: number | undefined;
  readonly outcome: OutcomeView | undefined;
  readonly duration: { readonly totalMs: number; readonly waitedMs: number; readonly machineMs: number };
  readonly steps: readonly TimelineStep[];
  readonly waits: readonly TimelineWait[];
  readonly approvals: readonly TimelineApproval[];
  readonly shares: readonly TimelineShare[];
  readonly routings: readonly TimelineRouting[];
  /** Both sides over time; undefined where no user was on the new side, or nothing was counted. */
  readonly trend?: TrendView | undefined;
  /** Of the new side, where it was taken back from users: its first failing requests, oldest first, at most ten. */
  readonly failing?: readonly FailedRequest[] | undefined;
  /** Why the load balancer could not list them. */
  readonly failingProblem?: string | undefined;
  readonly refusals: readonly TimelineEntry[];
  /** All rows, oldest first. */
  readonly entries: readonly TimelineEntry[];
  /** What a reader must know about these figures: rows that are gone, a clock that was set. */
  readonly remarks: readonly string[];
}
