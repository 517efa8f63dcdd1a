// The releases of a service that lie on this machine's disk, and why each stays.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { shortName } from '../../domain/actor.ts';
import type { TargetKey } from '../../domain/target.ts';
import { clockTime } from '../../domain/times.ts';
import { type Decided, decideRetention } from '../../releases/prune.ts';
import { isLinked, releaseFolders } from '../../releases/prune-folder.ts';
import { latestBuilds } from '../../state/builds.ts';
import { releasesLeft } from '../../state/contracts.ts';
import { releasesOnceLive } from '../../state/deployments.ts';
import { fetchedAt } from '../../state/fetched.ts';
import { pinsOf } from '../../state/pins.ts';
import { lastUse, servicesOf, slotsOf, worksWith } from '../../state/stored-releases.ts';
import { readQuarantine, readRelease, type SlotRow } from '../../state/targets.ts';
import { waitingOf } from '../../state/waiting.ts';
import type { Core, Target } from '../core.ts';
import { isAnnounced } from '../plan/ensure-fetched.ts';

export interface ShelvedRelease extends Decided {
  readonly folder: string;
  /** Undefined for one that was fetched and never registered, or before there was such a thing. */
  readonly bytes: number | undefined;
  readonly pinned: { readonly by: string; readonly reason: string; readonly at: number } | undefined;
}

/** So many that were live stay as something to go back to, however old they are; those marked bad do not count. */
const waysBack = 3;

/** Newest use first. Folders that this engine has neither registered nor fetched are not among them. */
export function storedReleasesOf(core: Core, service: string): readonly ShelvedRelease[] {
  const { db } = core.store;
  const places = placesOf(core, service);
  const holders = holdersOf(core, service);
  const pins = new Map(pinsOf(db, service).map((pin) => [pin.version, pin]));
  const linked = ({ version, folder }: Found): boolean => isLinked(folder, version, places);
  const found = foundReleases(core, service, places);
  const stored = found.map((release) => ({
    ...release,
    pinned: pins.get(release.version),
    usedAt: Math.max(release.registeredAt, lastUse(db, service, release.version)),
    held: [
      ...(linked(release) ? ['a link, which is never removed'] : []),
      ...new Set([...(holders.get(release.version) ?? []), ...sharedWith(core, service, release.folder)]),
    ],
  }));
  const byVersion = new Map(stored.map((release) => [release.version, release]));
  const rules = core.targets.filter(({ key }) => key.service === service).map(({ settings }) => settings.keepReleases);
  return decideRetention(stored, rules, core.clock.now()).flatMap((decided) => {
    const release = byVersion.get(decided.version);
    if (!release) return [];
    const { folder, bytes, pinned } = release;
    return [{ ...decided, folder, bytes, pinned: pinned && { by: pinned.by, reason: pinned.reason, at: pinned.at } }];
  });
}

/** Where releases of a service lie. */
export function placesOf({ targets }: Core, service: string): readonly string[] {
  return [
    ...new Set(targets.filter(({ key }) => key.service === service).map(({ settings }) => settings.releasesFolder)),
  ];
}

/** The files of a registered release were removed, and no source to fetch them from is known. */
export function isGone(core: Core, target: Target, version: string): boolean {
  const release = readRelease(core.store.db, target.key.service, version);
  if (!release || isAnnounced(core, target, version)) return false;
  return !statSync(release.folder, { throwIfNoEntry: false })?.isDirectory();
}

interface Found {
  readonly version: string;
  readonly folder: string;
  readonly registeredAt: number;
  readonly bytes: number | undefined;
}

/** By what is on the disk: of all releases that ever were, few are. */
function foundReleases({ store: { db } }: Core, service: string, places: readonly string[]): readonly Found[] {
  const folders = places.flatMap((place) =>
    releaseFolders(place).map((version) => ({ version, folder: join(place, version) })),
  );
  return folders.flatMap(({ version, folder }): readonly Found[] => {
    const registered = readRelease(db, service, version);
    if (registered && registered.folder !== folder) return [];
    const fetched = fetchedAt(db, service, version);
    const since = registered?.registeredAt ?? fetched;
    if (since === undefined) return [];
    return [{ version, folder, registeredAt: Math.max(since, fetched ?? 0), bytes: registered?.bytes ?? undefined }];
  });
}

/** Versions that something keeps, whether their files are here or not. */
export const heldVersions = (core: Core, service: string): ReadonlySet<string> =>
  new Set(holdersOf(core, service).keys());

/** Everything that keeps a version, in words. */
function holdersOf(core: Core, service: string): ReadonlyMap<string, readonly string[]> {
  const { db } = core.store;
  const slots = slotsOf(db, service);
  const targets = [...new Set(slots.map(({ target }) => target))].map((target): TargetKey => ({ service, target }));
  const holding: (readonly [version: string | undefined, as: string])[] = [
    ...pinsOf(db, service).map(
      ({ version, by, reason }) => [version, `pinned by ${shortName(by)}: ${reason}`] as const,
    ),
    ...slots.flatMap(slotHolds),
    ...worksWith(db, service).map(({ version, as }) => [version, as] as const),
    ...targets.flatMap((key) => waysBackOf(core, key)),
    ...waitedFor(core, service),
    [
      latestBuilds(db, service, 50).find(({ conclusion }) => conclusion === 'succeeded')?.version,
      'the newest that CI announced',
    ],
  ];
  const held = new Map<string, string[]>();
  for (const [version, as] of holding) if (version !== undefined) held.set(version, [...(held.get(version) ?? []), as]);
  return held;
}

/** What people asked for and what has not begun: it needs the files when its turn comes. */
function waitedFor({ store: { db }, targets }: Core, service: string) {
  return targets
    .filter(({ key }) => key.service === service)
    .flatMap(({ key }) =>
      waitingOf(db, key).map(({ version }) => [version, `waits to be deployed to ${key.target}`] as const),
    );
}

function slotHolds({ role, label, slot, target, version, displacedVersion }: SlotRow) {
  const standing =
    role === 'idle' || version === null ? [] : [[version, `${label ?? role} in ${slot} of ${target}`] as const];
  const displaced =
    displacedVersion === null ? [] : [[displacedVersion, `what ${slot} of ${target} is restored to`] as const];
  return [...standing, ...displaced];
}

function waysBackOf({ store: { db }, targets, clock }: Core, key: TargetKey) {
  const settings = targets.find((each) => each.key.service === key.service && each.key.target === key.target)?.settings;
  const keptMs = settings?.database?.rollbackForMs ?? 0;
  const permitted = [...releasesLeft(db, key, clock.now() - keptMs)].flatMap(([version, leftAt]) =>
    leftAt + keptMs > clock.now()
      ? [[version, `a rollback target of ${key.target} until ${clockTime(leftAt + keptMs)}`] as const]
      : [],
  );
  const active = slotsOf(db, key.service).find(({ target, role }) => target === key.target && role === 'active');
  const latest: string[] = [];
  for (const version of releasesOnceLive(db, key)) {
    const digest = version === active?.version ? undefined : readRelease(db, key.service, version)?.digest;
    if (digest !== undefined && readQuarantine(db, digest) === undefined) latest.push(version);
    if (latest.length === waysBack) break;
  }
  return [
    ...permitted,
    ...latest.map((version) => [version, `one of the last ${waysBack} of ${key.target} to go back to`] as const),
  ];
}

/** Of two services that take their releases from one folder, neither removes what may be the other's. */
function sharedWith(core: Core, service: string, folder: string): readonly string[] {
  const registered = servicesOf(core.store.db, folder);
  const configured = core.targets
    .filter(({ settings }) => folder.startsWith(`${settings.releasesFolder}/`))
    .map(({ key }) => key.service);
  return [...new Set([...registered, ...configured])]
    .filter((other) => other !== service)
    .map((other) => `in a folder that ${other} takes its releases from, too`);
}
