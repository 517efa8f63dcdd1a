// What a person may ask of one slot. None of it changes the routing.

import type { Actor } from '../domain/actor.ts';
import type { Result } from '../domain/refusal.ts';
import type { SlotName, TargetRef } from '../domain/target.ts';
import type { InstanceLog, SlotObservation } from '../environment/environment.ts';
import type { HealthReport } from '../environment/health-report.ts';
import type { SmokeReport } from '../environment/smoke.ts';
import type { TraceReport } from '../environment/trace.ts';

/** `problem`: why it is not healthy, although it was started and is left as it is. */
export type StartedByHand = SlotObservation & { readonly problem?: string };

export interface ScaleView {
  readonly slot: SlotName;
  readonly from: number;
  readonly to: number;
  /** As many as the slot may have. */
  readonly most: number;
  /** `already`: it has so many, and nothing is done. */
  readonly state: 'begun' | 'already';
}

export interface SlotVerbs {
  health(ref: TargetRef, slot: SlotName): Promise<Result<HealthReport>>;
  smoke(ref: TargetRef, slot: SlotName): Promise<Result<SmokeReport>>;
  /** Waits until it is healthy, as a deployment does. Refused on a slot that serves users or belongs to a deployment. */
  start(
    ref: TargetRef & {
      readonly slot: SlotName;
      readonly version: string;
      readonly actor: Actor;
      readonly signal?: AbortSignal;
    },
  ): Promise<Result<StartedByHand>>;
  stop(ref: TargetRef & { readonly slot: SlotName; readonly actor: Actor }): Promise<Result<SlotObservation>>;
  /**
   * Asks for so many instances in a slot that runs, within `maxInstances`. The controller carries it out: `scaling` of the
   * slot's view is there until it is done, and the audit log has `scaled` or `scale-failed` then.
   */
  scale(
    ref: TargetRef & { readonly slot: SlotName; readonly instances: number; readonly actor: Actor },
  ): Result<ScaleView>;
  /** What each instance writes, in order. */
  logs(ref: TargetRef, slot: SlotName, role?: string): Result<readonly [InstanceLog, ...InstanceLog[]]>;
  /** The lines of one request in the logs of the balancer and of both slots, rotated ones included. */
  trace(ref: TargetRef, id: string, signal?: AbortSignal): Promise<Result<TraceReport>>;
}
