// What every part of the flow is handed: the store, the drivers of a target, time, and a way to wait for change.

import type { HealthSettings } from '../config/health/settings.ts';
import type { CheckSettings } from '../config/judge/settings.ts';
import type { Settings, TargetSettings } from '../config/settings.ts';
import type { Contributors } from '../domain/contributors.ts';
import type { Endpoint, SlotName, TargetKey } from '../domain/target.ts';
import type { Acting } from '../environment/acting.ts';
import type { Environment, ReleaseFiles, SlotPlace } from '../environment/environment.ts';
import type { EvidenceSource } from '../evidence/source.ts';
import type { Clock } from '../lib/clock.ts';
import { messageOf } from '../lib/errors.ts';
import type { KeyedMutex } from '../lib/keyed-mutex.ts';
import type { Log } from '../lib/log.ts';
import type { LoadBalancer } from '../load-balancer/capabilities.ts';
import type { Migrator } from '../migrator/migrator.ts';
import type { ChangeSignal } from '../state/change-signal.ts';
import type { Scaling } from '../state/counts.ts';
import type { Lease } from '../state/leases.ts';
import type { Store, Tx } from '../state/store.ts';
import { readRelease } from '../state/targets.ts';

/** The process that holds this lease (the controller) moves deployments and supervises. */
export const controllerLease = 'driver';

/** One target with its drivers. */
export interface Target {
  readonly key: TargetKey;
  readonly name: string;
  readonly settings: TargetSettings;
  readonly preview: { readonly header: string; readonly token: string };
  /** With the capabilities that it has: steps that need more are not planned. The same holds for the load balancer. */
  readonly environment: Environment;
  readonly balancer: LoadBalancer;
  /** Undefined: both slots have as many instances as the configuration says. */
  readonly counts?: InstanceCounts | undefined;
  readonly migrator: Migrator;
  /** Where evidence from outside comes from, in the order of the configuration; undefined: nowhere. */
  readonly checks?: readonly TargetCheck[] | undefined;
}

/** Numbers of instances that may change while they run. */
export interface InstanceCounts {
  /** As many as the slot may have: those of its reserved addresses. */
  most(slot: SlotName): number;
  /** As many as its next start starts. */
  wanted(slot: SlotName): number;
  /** The change that is under way. */
  scaling(slot: SlotName): Scaling | undefined;
}

export interface TargetCheck {
  readonly settings: CheckSettings;
  /** What it asks, with its placeholders. */
  readonly described: string;
  readonly source: EvidenceSource;
}

export interface Core {
  readonly settings: Settings;
  readonly store: Store;
  readonly changeSignal: ChangeSignal;
  readonly clock: Clock;
  readonly log: Log;
  readonly targets: readonly Target[];
  /** What must not happen twice at a moment in this process: see `slotMutex` and `routingMutex`. */
  readonly mutex: KeyedMutex;
  readonly builds: FlowBuilds;
}

/** What the flow asks of the builds that CI announced; the composition root hands it in. */
export interface FlowBuilds {
  /** Deploys the build that waits for the target, once the target is free. */
  deployWaiting(key: TargetKey, lease: Lease): void;
  /** Builds that wait for the target, in their order. */
  waiting(key: TargetKey): readonly {
    readonly build: number;
    readonly since: number;
    readonly version: string;
    readonly branch: string | undefined;
    /** As stored in rows. */
    readonly requestedBy: string;
  }[];
  /** Takes a waiting build out, at a person's word. `by`: as stored in rows. `why`: one clause, for people. */
  leave(tx: Tx, key: TargetKey, end: { readonly build: number; readonly by: string; readonly why: string }): void;
  /** Of a release of the target's service. */
  contributors(key: TargetKey, version: string): Contributors;
}

/** What the controller works with: one target, under its lease. */
export interface TargetContext {
  readonly core: Core;
  readonly target: Target;
  readonly lease: Lease;
}

export function targetOf(core: Core, { service, target }: TargetKey): Target | undefined {
  return core.targets.find(({ key }) => key.service === service && key.target === target);
}

/** For rows whose target must be configured. */
export function requireTarget(core: Core, key: TargetKey): Target {
  const found = targetOf(core, key);
  if (!found) throw new Error(`${key.service}/${key.target} is not configured any more`);
  return found;
}

/** What is started and stopped under the lease bears it, and is refused once a later lease has worked there. */
export const underLease = (core: Core, lease: Lease): Core => ({
  ...core,
  targets: core.targets.map((target) => actedBy(target, { fence: lease.token })),
});

export const actedBy = (target: Target, acting: Acting): Target => ({
  ...target,
  environment: target.environment.actedBy?.(acting) ?? target.environment,
});

/** A deployment, a restart and the end of retention start and stop what runs in a slot: one of them at a time. */
export const slotMutex = ({ name }: Target, slot: SlotName): string => `slot ${name} ${slot}`;

/** Intent, balancer and proof of one routing change belong together. */
export const routingMutex = ({ name }: Target): string => `routing ${name}`;

/** A balancer that stays down is tried again by the supervisor. */
export async function ensureUp({ log }: Core, target: Target): Promise<void> {
  try {
    await target.balancer.ensure();
  } catch (thrown) {
    log.error({ target: target.name, problem: messageOf(thrown) }, 'the load balancer could not be started');
  }
}

export function placeOf(target: Target, slot: SlotName): SlotPlace {
  return target.environment.addresses.configured({ ...target.key, slot }, countedSlot(target, slot));
}

/** With a port for each instance that it has at its next start. */
export function countedSlot(
  { settings, counts }: Pick<Target, 'settings' | 'counts'>,
  slot: SlotName,
): TargetSettings['slots'][SlotName] {
  const configured = settings.slots[slot];
  const { reserved } = configured;
  return reserved && counts ? { ...configured, ports: reserved.slice(0, counts.wanted(slot)) } : configured;
}

/**
 * Where the instances in the slot answer that users may get; where nothing was started, where they would. While their
 * number changes, neither those that are being added nor those that are leaving say anything about the side.
 */
export function endpointsOf(target: Target, slot: SlotName): readonly [Endpoint, ...Endpoint[]] {
  const { addresses } = target.environment;
  const [first, ...others] = addresses.endpoints(addresses.asStarted(placeOf(target, slot)));
  const scaling = target.counts?.scaling(slot);
  return [first, ...(scaling ? others.slice(0, scaling.admitted - 1) : others)];
}

/** Where to search for a service that may be adopted: a dead instance there says nothing about it. */
export async function placeToAdopt(target: Target, slot: SlotName): Promise<SlotPlace> {
  const place = placeOf(target, slot);
  const seen = await target.environment.inspect(place);
  return seen.kind === 'running' ? target.environment.addresses.asStarted(place) : place;
}

export const urlOf = ({ host, port }: Endpoint): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The rule that the instance in the slot was started with. A new one applies from its next start or `config apply`. */
export function healthOf(target: Target, slot: SlotName): HealthSettings {
  const { key, settings, environment } = target;
  return asSlot(target, slot, { ...settings.health, ...environment.startedAs({ ...key, slot })?.health });
}

/** A command that checks a side has no more rights than the side itself. */
export function asSlot({ settings }: Target, slot: SlotName, rule: HealthSettings): HealthSettings {
  const { account } = settings.slots[slot];
  return account && rule.command ? { ...rule, command: { ...rule.command, account } } : rule;
}

export function releaseFiles(core: Core, service: string, version: string): ReleaseFiles | undefined {
  const row = readRelease(core.store.db, service, version);
  return row && { version, digest: row.digest, folder: row.folder };
}
