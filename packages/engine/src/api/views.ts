// What the engine answers: a target, its slots, a plan, what a state could be discovered from.

import type { Mode } from '../domain/deployment.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { ObservedNode, Routing } from '../domain/routing.ts';
import type { Role, SlotName } from '../domain/target.ts';
import type { HealthProof } from '../environment/health-report.ts';
import type { GeneratedFile } from '../load-balancer/load-balancer.ts';
import type { DriftView } from '../orchestrator/routing/drift.ts';
import type { SchemaView } from '../orchestrator/schema/schema-view.ts';
import type { DeploymentView, LegalAction } from './deployment.ts';
import type { PlannedRun, ReleaseNow } from './releases.ts';
import type { WaitingView } from './waiting.ts';

export interface PlanView {
  readonly mode: Mode;
  readonly name: string;
  readonly version: string;
  readonly slot: SlotName;
  readonly from: string | undefined;
  readonly steps: readonly string[];
  readonly schema: readonly string[];
  readonly routing: readonly string[];
  readonly gates: readonly { readonly name: string; readonly refusal: Refusal | undefined }[];
  readonly warnings: readonly string[];
  /** Evidence from outside that the canary is judged by; empty where none is configured. */
  readonly checks?: readonly string[] | undefined;
  /** What the canary can find, from the traffic of the last hour; empty where no share is watched. */
  readonly finds?: readonly string[] | undefined;
  readonly hash: string | undefined;
  /** How the release is run; undefined while its files are not here. */
  readonly run?: PlannedRun | undefined;
}

export interface SlotView extends ReleaseNow {
  readonly slot: SlotName;
  readonly role: Role;
  readonly port: number;
  readonly version: string | undefined;
  readonly since: number | undefined;
  readonly label: string | undefined;
  readonly keepUntil: number | undefined;
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | 'unknown';
  readonly healthProblem: string | undefined;
  /** Epoch ms of the check that health, process and figures come from. */
  readonly seenAt?: number | undefined;
  readonly proof: HealthProof | undefined;
  readonly pid: number | undefined;
  /** How many instances there are; undefined where their number is only that of the configuration. */
  readonly count?: CountView | undefined;
  /** Each of several, at the last check. Undefined: the slot has one instance. */
  readonly instances?: readonly InstanceView[] | undefined;
  readonly cpuPercent: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Of the continuous smoke tests; undefined where none were run on this side. `problem` is that of the last run. */
  readonly smoke?: SmokeView | undefined;
  readonly restarts: number;
  /** Requests, upgraded connections and streams that the balancer has open on it; undefined when not measured. */
  readonly open: number | undefined;
}

/** `3 of 4 instances`. */
export interface CountView {
  /** That run, or that the next start starts. */
  readonly instances: number;
  /** As many as the slot may have. */
  readonly most: number;
  /** The change that is under way. */
  readonly scaling?:
    | { readonly from: number; readonly to: number; readonly by: string; readonly since: number }
    | undefined;
}

export interface InstanceView {
  /** From 1. */
  readonly instance: number;
  readonly pid: number | undefined;
  readonly running: boolean;
  readonly healthy: boolean;
  /** Why it is not known whether it runs: which machine does not answer, and since when. */
  readonly unknown?: string | undefined;
}

/** Processes of one role in a slot, as the controller saw them last. */
export interface RoleView {
  readonly slot: SlotName;
  readonly role: string;
  readonly version: string;
  /** So many of `of` processes run. */
  readonly running: number;
  readonly of: number;
  readonly pids: readonly number[];
  /** Epoch ms of the latest start; undefined while none runs. */
  readonly since: number | undefined;
  readonly restarts: number;
  /** Why it does not work; undefined while it does. */
  readonly problem: string | undefined;
}

/** Of a proof of the way back that moved no user. */
export interface DrillView {
  readonly code: 'passed' | 'failed' | 'skipped';
  /** Epoch ms of its end. */
  readonly at: number;
  readonly sentence: string;
  readonly version?: string | undefined;
  /** From the change of the load balancer to the proof through it: what a rollback would take. */
  readonly ms?: number | undefined;
  /** Of the start and the health checks, where the standby did not run. */
  readonly startMs?: number | undefined;
  /** The person who asked, or `engine`. */
  readonly by: string;
}

export interface SmokeView {
  /** `unknown`: not yet as many failures in a row as make a failing side. */
  readonly condition: 'unknown' | 'passing' | 'failing';
  readonly passed: number;
  readonly of: number;
  readonly ms: number;
  /** Epoch ms of the last run. */
  readonly at: number;
  readonly problem?: string | undefined;
}

/** The live release is not the newest build of the branch that it came from. */
export interface StalenessView {
  readonly branch: string;
  readonly repository: string | undefined;
  /** Versions. */
  readonly live: string;
  readonly newest: string;
  /** Good builds of newer commits; how many commits they hold is not known. */
  readonly builds: number;
  /** Time of the oldest of them, epoch ms. */
  readonly since: number;
  readonly sentence: string;
}

export interface TargetView {
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly channel: string;
  readonly slots: readonly [SlotView, SlotView];
  /** Processes that are no web servers; undefined where none are configured. */
  readonly processRoles?: readonly RoleView[] | undefined;
  readonly routing: Routing;
  readonly nodes: readonly ObservedNode[];
  readonly entrypoints: readonly string[];
  /** The load balancer does something else than `routing`; undefined while it follows, and before the first check. */
  readonly drift: DriftView | undefined;
  readonly lock:
    | { readonly owner: string; readonly reason: string; readonly since: number; readonly until: number }
    | undefined;
  /** No machine deploys here; undefined while the automation works. */
  readonly suspension?:
    | {
        readonly by: string;
        readonly reason: string;
        readonly since: number;
        readonly deploymentId: string | undefined;
      }
    | undefined;
  /** Set while a freeze refuses deployments, or begins within 15 minutes. */
  readonly freeze?: { readonly state: 'active' | 'near'; readonly sentence: string } | undefined;
  /** Deployments that wait, in their order. */
  readonly waiting?: readonly WaitingView[];
  /** Undefined while nothing newer is known. */
  readonly staleness?: StalenessView | undefined;
  readonly live: DeploymentView | undefined;
  readonly last: DeploymentView | undefined;
  /** `instant`: the standby is healthy and warm. `slow`: it must be started first. `blocked`: why not at all. */
  readonly rollback: {
    readonly readiness: 'instant' | 'slow' | 'blocked';
    readonly version: string | undefined;
    readonly sentence: string;
  };
  /** Undefined before the first drill. */
  readonly drill?: { readonly isUnderWay: boolean; readonly last: DrillView | undefined } | undefined;
  /** Undefined for a target without a database. */
  readonly schema: SchemaView | undefined;
  readonly actions: readonly LegalAction[];
}

export interface StatusView {
  readonly at: number;
  /** The process that is the controller now; undefined when there is none. */
  readonly driver: string | undefined;
  readonly targets: readonly TargetView[];
  readonly warnings: readonly string[];
}

export interface ReleaseView {
  readonly version: string;
  readonly registered: boolean;
  readonly active: boolean;
  readonly quarantined: string | undefined;
  /** When its files were written, by the time of their folder. */
  readonly at: number;
}

export interface Discovered {
  readonly name: string;
  /** `nothing`: there was nothing to learn, because it is known or because no user is sent anywhere. */
  readonly kind: 'learnt' | 'unknown' | 'nothing';
  readonly sentence: string;
}

export interface RoutingConfiguration {
  readonly target: string;
  readonly driver: string;
  /** Without their secrets. None where the driver needs no text. */
  readonly files: readonly GeneratedFile[];
  /** Undefined when the test was not requested, and when there is no program that can do it. */
  readonly test: { readonly passed: boolean; readonly problem?: string } | undefined;
}
