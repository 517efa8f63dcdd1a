// Deployments that wait: for a time, or for the one that runs.

import type { Actor } from '../domain/actor.ts';
import type { Result } from '../domain/refusal.ts';
import type { TargetRef } from '../domain/target.ts';
import type { DeployRequest } from './deploy-request.ts';
import type { DeploymentView } from './deployment.ts';

export interface WaitingView {
  readonly id: string;
  readonly service: string;
  readonly target: string;
  readonly name: string;
  readonly version: string;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly reason: string | undefined;
  readonly status: 'scheduled' | 'queued' | 'deployed' | 'cancelled' | 'refused' | 'missed';
  /** From 1; undefined for what is scheduled or has ended. */
  readonly place: number | undefined;
  /** When it begins by the history of the target, epoch ms; undefined without a history. */
  readonly expectedAt: number | undefined;
  /** When it is scheduled for. */
  readonly due: { readonly at: number; readonly wall: string; readonly zone: string } | undefined;
  /** Why it goes before the others. */
  readonly firstBecause: string | undefined;
  readonly deploymentId: string | undefined;
  /** Why it was refused or missed. */
  readonly problem: string | undefined;
  /** Of a build that a rule deploys: it waits behind people's requests. `build-17` names it for a cancel. */
  readonly build?: number | undefined;
  /** What would refuse it at its time, as far as is known now; what was moved by a change of the clock. */
  readonly notes: readonly string[];
}

export interface WaitingRequest extends DeployRequest {
  /** `22:00`, or `2026-12-01 22:00`. Undefined: now, or as soon as the target is free. */
  readonly at?: string | undefined;
  /** IANA zone of `at`. Default: that of the first freeze of the target, else UTC. */
  readonly zone?: string | undefined;
  /** Before all others that wait; `reason` says why. */
  readonly first?: boolean | undefined;
}

export type Requested =
  | { readonly kind: 'begun'; readonly deployment: DeploymentView }
  | { readonly kind: 'waiting'; readonly waiting: WaitingView };

export interface WaitingVerbs {
  /** Deploys, or waits: until a time, or until the deployment that runs has ended. For people; a machine is refused as busy. */
  request(request: WaitingRequest): Result<Requested>;
  /** Takes a request or a build (`build-17`, `build-17@shop/staging`) that waits out of the queue. */
  cancelWaiting(id: string, actor: Actor, reason?: string): Result<WaitingView>;
  /** Puts what waits before the others; what is scheduled, from its time on. A build becomes a request of this person. */
  putFirst(id: string, actor: Actor, reason: string): Result<WaitingView>;
  /** What waits, in its order; then what has ended lately. */
  waiting(ref: TargetRef): Result<{ readonly now: readonly WaitingView[]; readonly ended: readonly WaitingView[] }>;
}
