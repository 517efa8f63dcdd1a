// The verbs: everything the Slack bot, the webhook receiver and the command line can ask of the engine.
// A verb is one short synchronous transaction (gates, change, audit row); it never waits for a deployment.

import type { Settings } from '../config/settings.ts';
import type { Actor, Door } from '../domain/actor.ts';
import type { DeliveryRecord, Inbox } from '../domain/inbox.ts';
import type { Outbox } from '../domain/outbox.ts';
import type { Refusal, Result } from '../domain/refusal.ts';
import type { SlotName, TargetRef } from '../domain/target.ts';
import type { Writable } from '../state/patience.ts';
import type { ArchivedRows, ArchiveRequest, AuditLog } from './audit.ts';
import type { Builds } from './builds.ts';
import type { CalendarVerbs } from './calendar.ts';
import type { ConfigurationVerbs } from './configuration.ts';
import type { DeployRequest } from './deploy-request.ts';
import type { DeploymentView } from './deployment.ts';
import type { Metrics } from './metrics.ts';
import type { Migrations } from './migrations.ts';
import type { Monitoring } from './monitoring.ts';
import type { StoredReleases } from './releases.ts';
import type { Reports } from './report.ts';
import type { SidesView } from './sides.ts';
import type { SlotVerbs } from './slots.ts';
import type { Timelines } from './timelines.ts';
import type { Discovered, PlanView, ReleaseView, RoutingConfiguration, StatusView, TargetView } from './views.ts';
import type { WaitingVerbs } from './waiting.ts';

/** On every verb that a button can send: which deployment, and the state the button was drawn for. */
export interface DeploymentRef {
  readonly id: string;
  /** From the card; undefined on the command line, where the present state is meant. */
  readonly stateVersion?: number | undefined;
}

export type QuickLook = { readonly says: 'good' } | { readonly says: 'stop'; readonly words: string };

export interface Engine extends ConfigurationVerbs, CalendarVerbs, WaitingVerbs, Writable {
  readonly settings: Settings;
  readonly outbox: Outbox;
  /** What code hosts delivered. */
  readonly inbox: Inbox;

  deploy(request: DeployRequest): Result<DeploymentView>;
  plan(request: DeployRequest): Promise<Result<PlanView>>;
  /** `breakGlass`: the reason of one person who approves alone in an emergency. */
  approve(
    ref: DeploymentRef,
    actor: Actor,
    options?: { readonly breakGlass?: string | undefined },
  ): Result<DeploymentView>;
  reject(ref: DeploymentRef, actor: Actor, reason: string): Result<DeploymentView>;
  /** Goes on to the next step; `full` skips the rest, up to all users. On a pending approval it approves. */
  promote(ref: DeploymentRef, actor: Actor, options?: { readonly full?: boolean }): Result<DeploymentView>;
  pause(ref: DeploymentRef, actor: Actor): Result<DeploymentView>;
  resume(ref: DeploymentRef, actor: Actor): Result<DeploymentView>;
  /** What an author of the release says after a quick look at the canary; `stop` pauses it, and needs words. */
  quickLook(ref: DeploymentRef, actor: Actor, look: QuickLook): Result<DeploymentView>;
  /** Aborts before full promotion; after it, `rollback` is used. */
  abort(ref: DeploymentRef, actor: Actor, reason?: string): Result<DeploymentView>;
  /** Lets a deployment go on that a freeze holds. */
  continueFrozen(ref: DeploymentRef, actor: Actor, reason: string): Result<DeploymentView>;
  /** Thirty more minutes for a pending approval. */
  extend(ref: DeploymentRef, actor: Actor): Result<DeploymentView>;
  /** Refused as `already-active` when `to` already serves. */
  switch(
    request: TargetRef & {
      readonly to?: SlotName | undefined;
      /** The side that was live when the command was typed: refused when another side is live by now. */
      readonly from?: SlotName | undefined;
      readonly actor: Actor;
      readonly reason?: string | undefined;
    },
  ): Result<DeploymentView>;
  /** A running deployment is taken back; otherwise back to the standby or to the named earlier release. Never queued, never locked out. */
  rollback(
    request: TargetRef & {
      readonly version?: string | undefined;
      /** The version that was live when the button or dialog was shown: refused when another one is live by now. */
      readonly from?: string | undefined;
      readonly actor: Actor;
      readonly reason?: string | undefined;
    },
  ): Result<DeploymentView>;
  lock(
    request: TargetRef & { readonly actor: Actor; readonly reason: string; readonly forMs?: number },
  ): Result<TargetView>;
  /** `of`: whose lock is meant; without it only the own one goes. */
  unlock(request: TargetRef & { readonly actor: Actor; readonly of?: string | undefined }): Result<TargetView>;
  /** The automation of a target: machines deploy nothing there until a person resumes it or makes a release live. */
  suspend(request: TargetRef & { readonly actor: Actor; readonly reason: string }): Result<TargetView>;
  unsuspend(request: TargetRef & { readonly actor: Actor }): Result<TargetView>;
  /** About the retained failed side: restore the last good release there now, or leave it as it is. */
  restoreFailed(request: TargetRef & { readonly actor: Actor }): Result<TargetView>;
  keepFailed(request: TargetRef & { readonly actor: Actor }): Result<TargetView>;
  /** Proves the way back without moving users, soon after: the view's `drill` has the result. */
  drill(request: TargetRef & { readonly actor: Actor }): Result<TargetView>;
  /** The answer to `afterBake: ask`. */
  settleStandby(
    request: TargetRef & { readonly actor: Actor; readonly to: 'keep' | 'stop' | 'upgrade' },
  ): Result<TargetView>;
  /**
   * About drift, by an approver, and not while a deployment is under way: put back what was decided, or decide for what
   * the nodes do now, all alike, with healthy sides. `drift`: the drift that a button was drawn for.
   */
  restoreRouting(
    request: TargetRef & { readonly actor: Actor; readonly drift?: string | undefined },
  ): Promise<Result<TargetView>>;
  adoptRouting(
    request: TargetRef & { readonly actor: Actor; readonly drift?: string | undefined },
  ): Promise<Result<TargetView>>;
  /** Takes over a service that already runs in a slot, without a restart. */
  adopt(
    request: TargetRef & { readonly slot: SlotName; readonly version: string; readonly actor: Actor },
  ): Promise<Result<TargetView>>;

  /** The files that are generated for the balancer's program; with `test`, the program is asked whether it takes them. */
  routingConfiguration(ref: TargetRef, test: boolean): Promise<Result<RoutingConfiguration>>;

  /** On a state that was lost: learns what runs from the balancers and the services. Changes nothing that users get. */
  rebuildState(actor: Actor): Promise<Result<readonly Discovered[]>>;

  /** Moves old rows of the audit log into files, and out of the state. @throws where a file cannot be written */
  archiveAudit(request: ArchiveRequest): Promise<Result<ArchivedRows>>;

  /** Handles a settled delivery once more. */
  replay(id: number, actor: Actor): Result<DeliveryRecord>;

  /** What CI announced. */
  readonly builds: Builds;

  /** What monitoring systems ask for. */
  readonly monitoring: Monitoring;

  readonly migrations: Migrations;
  /** What is on the disk, and why it is retained. */
  readonly storedReleases: StoredReleases;

  /** Queries processes, health and balancers now, when there is no controller, so that `status` is up to date. */
  lookNow(signal: AbortSignal): Promise<void>;
  status(): StatusView;
  target(ref: TargetRef): Result<TargetView>;
  deployment(id: string): DeploymentView | undefined;
  history(ref: TargetRef, limit: number): Result<readonly DeploymentView[]>;
  /** What differs between the two sides. */
  compareSides(ref: TargetRef): Promise<Result<SidesView>>;
  /** Deployments looked back on. */
  readonly timelines: Timelines;
  releases(ref: TargetRef): Result<readonly ReleaseView[]>;

  /** The single parts, for people who investigate something. They change no routing. */
  readonly slots: SlotVerbs;

  readonly audit: AuditLog;
  readonly metrics: Metrics;
  /** What was deployed in a period, and how well. */
  readonly reports: Reports;

  /** The position of a consumer of events. */
  cursor(consumer: string): number;
  moveCursor(consumer: string, seq: number): void;
  /** True the first time a key is seen within `ttlMs`: this detects replayed deliveries. */
  firstTime(key: string, ttlMs: number): boolean;
  /** Counts refused unauthenticated requests, one row per minute, door and source. `source`: an address, if known. */
  countUnauthenticated(door: Door, seen?: { readonly source?: string; readonly count?: number }): void;
  /** An audit row for a known actor whom the entry point refused (also for a typing error), before any verb. */
  recordRejection(actor: Actor, refusal: Refusal, ref?: TargetRef): void;
  /** Resolves when anything in the state changed (any process) or after `limitMs`. */
  changed(limitMs: number, signal?: AbortSignal): Promise<void>;

  /** Moves deployments while this process holds the lease (the controller); competes for it until `signal` aborts. */
  drive(signal: AbortSignal): Promise<void>;
  /**
   * Sends mail, pages and statuses, each in competition with the other processes, until `signal` aborts; ends at once
   * where the configuration names no receiver.
   * @throws BlueGreenError at once, when the configuration of one of them does not hold what it needs
   */
  notify(signal: AbortSignal): Promise<void>;
  /** Held by one process of a kind at a time (the one that talks to Slack). Runs `work` while it is held. */
  withLease(name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  controllerAlive(): boolean;
  /** Stops every slot's process and managed balancer, for the end of a demonstration: users are no longer served. */
  teardown(): Promise<void>;
  close(): void;
}
