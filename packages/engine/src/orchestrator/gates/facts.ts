// Gathers what gates look at, from the state and the releases folder.

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Actor } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { otherSlot, type SlotName, type TargetRef } from '../../domain/target.ts';
import { isVersion } from '../../domain/version.ts';
import { suggest } from '../../lib/suggest.ts';
import { liveContract } from '../../state/contracts.ts';
import { liveDeployment } from '../../state/deployments.ts';
import { liveLease } from '../../state/leases.ts';
import { getSnapshot, slotKey } from '../../state/snapshots.ts';
import { readLock, readQuarantine, readRelease, readSlot } from '../../state/targets.ts';
import { frozenNow } from '../calendar/frozen.ts';
import type { SlotSnapshot } from '../controller/side-health.ts';
import { type Core, controllerLease, type Target } from '../core.ts';
import { isAnnounced } from '../plan/ensure-fetched.ts';
import { addressTaken, holderOfAddress } from '../plan/release-settings.ts';
import { readUnknownState } from '../recovery/unknown-state.ts';
import { readDrift } from '../routing/drift.ts';
import { contractState } from '../schema/contract-state.ts';
import { sharingWith } from '../schema/who-needs.ts';
import { refuseUnlessApprover } from '../verbs/approver.ts';
import type { GateFacts } from './gates.ts';
import { readSuspension } from './suspension.ts';

/** `{}` is the only service; `{service}` its default target. */
export function findTarget(core: Core, ref: TargetRef): Result<Target> {
  const ofService = core.targets.filter(({ key }) => ref.service === undefined || key.service === ref.service);
  const found =
    ref.target === undefined
      ? ofService.filter(({ settings }) => settings.isDefault)
      : ofService.filter(({ key }) => key.target === ref.target);
  if (found.length === 1 && found[0]) return { ok: true, value: found[0] };
  const names = core.targets.map(({ name }) => name);
  const asked = `${ref.service ?? ''}${ref.target === undefined ? '' : `/${ref.target}`}`;
  if (found.length > 1)
    return refuse('target-unknown', `say which of ${names.join(', ')}`, 'Name the service, as in `shop v2.1`.');
  return refuse(
    'target-unknown',
    `there is no "${asked}" in this configuration`,
    `Known: ${names.join(', ')}${asked === '' ? '' : `; the nearest is ${suggest(asked, names, 'any')}`}.`,
  );
}

export interface GatherRequest {
  readonly actor: Actor;
  readonly version: string;
  readonly redeploy?: boolean;
  readonly overrideFreeze?: boolean | undefined;
  readonly reason?: string | undefined;
}

export function gatherFacts(
  core: Core,
  target: Target,
  { actor, version, redeploy = false, overrideFreeze = false, reason }: GatherRequest,
): GateFacts {
  const { db } = core.store;
  const now = core.clock.now();
  const active = activeSide(core, target);
  const digest = readRelease(db, target.key.service, version)?.digest;
  const releaseExists = isVersion(version) && isFolder(join(target.settings.releasesFolder, version));
  const isAwaited = isVersion(version) && !releaseExists && isAnnounced(core, target, version);
  const quarantine = digest === undefined ? undefined : readQuarantine(db, digest);
  return {
    now,
    name: target.name,
    actor,
    live: liveDeployment(db, target.key),
    lock: readLock(db, target.key, now),
    version,
    active,
    digest,
    releaseExists,
    isAwaited,
    nearestRelease: releaseExists || isAwaited ? undefined : nearest(version, knownVersions(target)),
    quarantine,
    redeploy,
    unknownState: readUnknownState(core, target.key),
    otherDriver: otherDriver(core),
    contracting: contracting(core, target),
    drift: driftOf(core, target),
    rules: target.settings,
    suspension: readSuspension(db, target.key),
    addressTaken: takenAddress(core, target, active?.slot),
    frozen: frozenNow(core, target),
    freezeOverride: overrideFreeze ? { reason, notApprover: refuseUnlessApprover(target, actor)?.refusal } : undefined,
  };
}

/** A silent node among others that follow blocks nothing. */
function driftOf(core: Core, { key }: Target): string | undefined {
  const drift = readDrift(core, key);
  return drift?.blocks === true ? drift.sentence : undefined;
}

function takenAddress({ targets }: Core, target: Target, active: SlotName | undefined): GateFacts['addressTaken'] {
  const slot = active === undefined ? 'blue' : otherSlot(active);
  const holder = holderOfAddress(targets, target, slot);
  const hint = target.environment.addresses.hintWhenTaken;
  return holder && { sentence: addressTaken(target, slot, holder), hint };
}

function contracting(core: Core, target: Target): GateFacts['contracting'] {
  const rows = [target, ...sharingWith(core, target)].flatMap(({ key }) => liveContract(core.store.db, key) ?? []);
  const row = rows.find(({ status }) => status !== 'pending');
  if (!row) return undefined;
  return { migrations: row.migrations.join(', '), next: contractState(core, row).next };
}

/** The live controller, when it was started with another configuration than this process. */
export function otherDriver({ store, settings, clock }: Core): string | undefined {
  const lease = liveLease(store.db, controllerLease, clock);
  return lease && lease.configDigest !== settings.digest ? lease.holder : undefined;
}

export function activeSide(core: Core, target: Target): GateFacts['active'] {
  for (const slot of ['blue', 'green'] as const) {
    const row = readSlot(core.store.db, target.key, slot);
    if (row.role !== 'active' || row.version === null || row.digest === null) continue;
    const condition =
      getSnapshot<SlotSnapshot>(core.store.db, slotKey(target.key, slot))?.value.state.condition ?? 'unknown';
    return { slot, version: row.version, digest: row.digest, condition };
  }
  return undefined;
}

/** Versions in the releases folder, newest change first. */
export function knownVersions({ settings }: Target): readonly string[] {
  try {
    return readdirSync(settings.releasesFolder, { withFileTypes: true })
      .filter((entry) => isVersion(entry.name) && isFolder(join(settings.releasesFolder, entry.name)))
      .map(({ name }) => name)
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  } catch {
    return []; // a folder that is not there yet holds no release; deploying says so with the version's name
  }
}

/** By the clock of its folder; 0 for one that no longer exists. */
export function laidAt({ settings }: Target, version: string): number {
  return statSync(join(settings.releasesFolder, version), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function nearest(version: string, known: readonly string[]): string | undefined {
  return suggest(version, known, 3) ?? suggest(version, known, 'half');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
