// A deployment as all readers see it: what it is, where it is, how it ended, what may be done next.

import type { Judgement } from '../analysis/judge.ts';
import type { Direction, Mode, OnTimeout, OutcomeKind, Phase, StepName, StepStatus } from '../domain/deployment.ts';
import type { CheckEffect } from '../domain/evidence.ts';
import type { EndCode } from '../domain/reasons.ts';
import type { Origin, ReleaseChange } from '../domain/release.ts';
import type { SideCounts } from '../domain/routing.ts';
import type { SlotName } from '../domain/target.ts';
import type { InstanceHealth } from '../environment/instance-checks.ts';
import type { DeploymentSchema } from '../orchestrator/schema/deployment-schema.ts';
import type { ApprovalGroupView } from './approval-group.ts';

/** What a person may do next. Every deployment that is not finished has at least one. */
export type ActionName =
  | 'approve'
  | 'reject'
  | 'promote'
  | 'promote-full'
  | 'pause'
  | 'resume'
  | 'abort'
  | 'rollback'
  | 'extend'
  | 'continue'
  | 'restore-failed'
  | 'keep-failed'
  | 'stop-standby'
  | 'upgrade-standby'
  | 'unsuspend';

export interface LegalAction {
  readonly name: ActionName;
  /** What it does, as a sentence that names versions and shares; the text of a confirm dialog. */
  readonly effect: string;
  readonly danger: boolean;
}

export interface StepView {
  readonly name: StepName;
  readonly position: number;
  /** `send 10 % to v2.1`, for people. */
  readonly title: string;
  readonly status: StepStatus | 'waiting' | 'undone';
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
}

export interface ApprovalView {
  readonly id: string;
  readonly status: 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled';
  readonly planHash: string;
  readonly needed: number;
  /** Person ids, in order. */
  readonly given: readonly string[];
  readonly askedAt: number;
  readonly deadlineAt: number;
  readonly onTimeout: OnTimeout;
  readonly decidedBy: string | undefined;
  readonly decidedAt: number | undefined;
  readonly reason: string | undefined;
  readonly approvers: readonly string[];
  readonly fourEyes: boolean;
  /** The plan is not the one that was asked about any more: the approval cannot be given. */
  readonly stale?: boolean;
  /** One sentence, where it is stale. */
  readonly staleBecause?: string;
  /** Of whom some must be among those who approve; absent where any approver counts. */
  readonly groups?: readonly ApprovalGroupView[];
  /** With groups: `1 more, of dba`; empty when nothing is missing. */
  readonly missing?: string;
  /** Before this, no approval counts; undefined where there is no such time. */
  readonly opensAt?: number | undefined;
  /** Person ids of who wrote, pushed, triggered or merged the release, as CI announced it: with four eyes they cannot approve it. */
  readonly writers: readonly string[];
}

/** Evidence from outside the load balancer. */
export interface CheckView {
  readonly name: string;
  /** `prometheus`, … */
  readonly source: string;
  /** What it does once it fails: takes the release back, or pauses. */
  readonly effect: CheckEffect;
  /** It is shown, and decides nothing. */
  readonly dryRun: boolean;
  /** What counts. */
  readonly judgement: Judgement;
  /** The last answer, which may not count yet. */
  readonly last: Judgement | undefined;
  /** What is asked, filled in. */
  readonly asks: readonly string[];
}

/** Both sides' numbers since the present share was set. */
export interface Observation {
  readonly at: number;
  readonly sinceMs: number;
  readonly stable: SideCounts;
  readonly canary: SideCounts;
  /** What decides about the deployment. */
  readonly judgement: Judgement;
  /** The result of the comparison of both sides; people decide where it does not decide about the deployment. */
  readonly advice?: Judgement | undefined;
  /** In the order of the configuration; undefined where none is configured. */
  readonly checks?: readonly CheckView[] | undefined;
  /** When the watch ends at the earliest (epoch ms); undefined while an approval is awaited. */
  readonly watchUntil: number | undefined;
}

/** The proof of a routing change. */
export interface Receipt {
  readonly at: number;
  readonly generation: number;
  readonly expected: { readonly slot: SlotName; readonly version: string };
  readonly nodes: readonly {
    readonly node: string;
    readonly probes: number;
    readonly seen: number;
    readonly problem: string | undefined;
    /** Each was asked through this node. Undefined: the slot has one, or the balancer cannot be asked for one of several. */
    readonly instances?: readonly InstanceHealth[];
  }[];
  /** During a rollback: nodes that do not answer at all; the controller does not wait for them. */
  readonly leftOut?: readonly { readonly node: string; readonly problem: string }[];
  /** Each was asked directly, next to the probes through the balancer. Undefined: the slot has one instance. */
  readonly instances?: readonly InstanceHealth[];
  readonly proved: boolean;
  readonly ms: number;
  /** Fields of the health answer, or only its status code. */
  readonly proof: 'fields' | 'status-code';
}

export interface FrozenView {
  readonly names: readonly string[];
  /** Epoch ms; undefined where a calendar could not be read. */
  readonly until: number | undefined;
  readonly sentence: string;
  /** Who may act all the same, with a reason. */
  readonly override: 'approvers' | 'people' | 'nobody';
}

export interface OutcomeView {
  readonly kind: OutcomeKind;
  readonly code: EndCode | OutcomeKind;
  readonly sentence: string;
  /** As actorName gives it. */
  readonly actor: string;
  readonly at: number;
}

export interface DeploymentView {
  readonly id: string;
  readonly service: string;
  readonly target: string;
  /** `shop`, or `shop/staging` when it is not the default target. */
  readonly name: string;
  readonly version: string;
  readonly digest: string | undefined;
  /** Commit and author, as the build wrote them into the release; not verified. */
  readonly origin: Origin | undefined;
  readonly mode: Mode;
  readonly slot: SlotName;
  readonly from: { readonly slot: SlotName; readonly version: string } | undefined;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly reason: string | undefined;
  readonly phase: Phase;
  readonly direction: Direction;
  /** What the end of the present step depends on, apart from pauses. */
  readonly waitsFor: 'nothing' | 'time' | 'people';
  readonly stateVersion: number;
  readonly planHash: string | undefined;
  readonly steps: readonly StepView[];
  /** Share of users on the new side now: 0 to 100. */
  readonly percent: number;
  /** A freeze holds it before its present step; undefined while none does. */
  readonly frozen?: FrozenView | undefined;
  readonly paused: { readonly by: string; readonly at: number } | undefined;
  readonly approval: ApprovalView | undefined;
  /** All people who approved anything in this deployment. */
  readonly approvedBy: readonly string[];
  readonly observation: Observation | undefined;
  readonly receipt: Receipt | undefined;
  /** Why it is going back, before it has an outcome. */
  readonly cause: { readonly code: EndCode; readonly sentence: string; readonly actor: string } | undefined;
  readonly outcome: OutcomeView | undefined;
  /** The size of the release compared with the one that it replaces; undefined where it was not measured. */
  readonly change?: ReleaseChange | undefined;
  /** What the release says of itself, for people. */
  readonly notes?: string | undefined;
  /** What it does to the service's database; undefined where there is nothing to say. */
  readonly schema: DeploymentSchema | undefined;
  /** Warnings that stop nothing: `green holds the failed v2.2, which makes room`. */
  readonly warnings: readonly string[];
  readonly actions: readonly LegalAction[];
  /** Until when the side that users left (standby or failed side) is retained, when there is one. */
  readonly kept:
    | {
        readonly slot: SlotName;
        readonly version: string;
        readonly label: string;
        readonly until: number | undefined;
        /** Open requests and streams that must end before it is stopped or replaced; undefined before that. */
        readonly open?: number | undefined;
      }
    | undefined;
  readonly channel: string;
}
