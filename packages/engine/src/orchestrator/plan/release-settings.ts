// How one release is run and tested on a target: the settings of the configuration and those of the release. Read from
// the release at each use, so that a restart, a rollback and a manual start run it as its deployment did.

import { isDeepStrictEqual } from 'node:util';
import type { Risk } from '../../config/approval/approval.ts';
import type { VariableFormat } from '../../config/process/required-env.ts';
import { type ReleaseManifest, readReleaseManifest } from '../../config/release-manifest/release-manifest.ts';
import type { SmokeTest, TargetSettings } from '../../config/settings.ts';
import { otherSlot, type SlotKey, type SlotName } from '../../domain/target.ts';
import {
  describePlace,
  type Effective,
  type LaunchSettings,
  type ReleaseFiles,
  type SlotPlace,
} from '../../environment/environment.ts';
import { digestFolder } from '../../lib/digest.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { shellWords } from '../../lib/shell-words.ts';
import { endpointsOf, placeOf, type Target } from '../core.ts';

interface RunBy {
  readonly command: readonly string[];
  readonly commandFrom: 'configuration' | 'release';
  readonly requiredEnv: readonly string[];
  readonly envFormats: readonly VariableFormat[];
  readonly templates: readonly string[];
  readonly smokeTests: readonly SmokeTest[];
  readonly notes: string | undefined;
  readonly risk: Risk;
  readonly warnings: readonly string[];
}

/** @throws BlueGreenError `release-invalid` */
export function runSettingsOf({ settings }: Pick<Target, 'settings'>, { folder }: Pick<ReleaseFiles, 'folder'>): RunBy {
  return merged(settings, readReleaseManifest(folder));
}

/**
 * Pure. The command of the release wins, since only the release knows how it is started. A smoke test of the
 * configuration wins over one of the same name: one release cannot soften what every release must pass.
 */
export function merged(
  settings: Pick<TargetSettings, 'command' | 'requiredEnv' | 'smokeTests'> &
    Partial<Pick<TargetSettings, 'envFormats'>>,
  manifest: ReleaseManifest | undefined,
): RunBy {
  const asked = new Set(settings.smokeTests.map(({ name }) => name));
  const own = manifest?.smokeTests ?? [];
  const doubled = own.filter(({ name }) => asked.has(name)).map(({ name }) => `"${name}"`);
  return {
    command: manifest?.command ?? settings.command,
    commandFrom: manifest?.command ? 'release' : 'configuration',
    requiredEnv: [...new Set([...settings.requiredEnv, ...(manifest?.requiredEnv ?? [])])],
    envFormats: [...(settings.envFormats ?? []), ...(manifest?.envFormats ?? [])],
    templates: manifest?.templates ?? [],
    smokeTests: [...settings.smokeTests, ...own.filter(({ name }) => !asked.has(name))],
    notes: manifest?.notes,
    risk: manifest?.risk ?? 'normal',
    warnings: [
      ...(doubled.length === 0
        ? []
        : [
            `the configuration has smoke tests of these names too, which are the ones that are run: ${doubled.join(', ')}`,
          ]),
      ...shellWords(manifest?.command ?? []).map(
        ({ index, problem }) => `command[${index}] of bluegreen.release.yaml ${problem}`,
      ),
    ],
  };
}

/** @throws BlueGreenError `release-modified`: its files are not those that were registered */
export async function requireUnchanged({ version, digest, folder }: ReleaseFiles, signal?: AbortSignal): Promise<void> {
  if ((await digestFolder(folder, signal)) === digest) return;
  throw new BlueGreenError(
    'release-modified',
    `the files of ${version} are not the ones that were registered: a version is immutable`,
  );
}

/**
 * `rescue`: a way back, or what served users until it ended. It starts on a full disk too: a refusal would not help any
 * user.
 * `addition`: everything else, which must leave the space that the configuration requires.
 */
export type StartKind = 'addition' | 'rescue';

/** Every start of a release that does not serve users yet. @throws as `requireUnchanged` and `startAsItIs` */
export async function startRelease(
  target: Target,
  slot: SlotName,
  release: ReleaseFiles,
  kind: StartKind = 'addition',
) {
  await requireUnchanged(release);
  return startAsItIs(target, slot, release, kind);
}

/**
 * Also with files that have changed: for a side that served users until it ended, where a refusal would not help any
 * user. The check of release files reports the change. The load balancer follows where the instance answers at another
 * address than the one before. @throws BlueGreenError `release-invalid`, `port-in-use`, and what environment and load
 * balancer throw
 */
export async function startAsItIs(target: Target, slot: SlotName, release: ReleaseFiles, kind: StartKind = 'rescue') {
  const before = endpointsOf(target, slot);
  const running = await target.environment.start(
    placeToStart(target, slot),
    release,
    launchSettings(target, slot, release, kind),
  );
  if (!isDeepStrictEqual(endpointsOf(target, slot), before)) await target.balancer.ensure();
  return running;
}

/** Those that have ended, at their own addresses; the others go on as they are. @throws as `startAsItIs` */
export function startMissing(target: Target, slot: SlotName, release: ReleaseFiles) {
  const { environment } = target;
  const place = environment.addresses.asStarted(placeOf(target, slot));
  return environment.start(place, release, launchSettings(target, slot, release, 'rescue'));
}

/** So many of the instances that the slot may have, at their reserved addresses. */
export function placeOfCount({ environment, key, settings }: Target, slot: SlotName, count: number): SlotPlace {
  const { port, reserved = [port] } = settings.slots[slot];
  return environment.addresses.configured({ ...key, slot }, { port, ports: reserved.slice(0, count) });
}

/** Starts what is missing of so many, and stops those above; the others go on as they are. @throws as `startAsItIs` */
export function startCount(
  target: Target,
  slot: SlotName,
  release: ReleaseFiles,
  { count, kind }: { readonly count: number; readonly kind: StartKind },
) {
  const settings = launchSettings(target, slot, release, kind);
  return target.environment.start(placeOfCount(target, slot, count), release, settings);
}

/** @throws BlueGreenError `port-in-use` while the other side of the target keeps its address and it had no other one */
function placeToStart(target: Target, slot: SlotName): SlotPlace {
  const sibling = { ...target.key, slot: otherSlot(slot) };
  const place = target.environment.addresses.placeToStart(placeOf(target, slot), sibling);
  if (place) return place;
  throw new BlueGreenError('port-in-use', addressTaken(target, slot, sibling));
}

/** The slot, of any target, whose instance was started at the address that the configuration gives to this one now. */
export function holderOfAddress(targets: readonly Target[], target: Target, slot: SlotName): SlotKey | undefined {
  const others = targets.flatMap(({ key }) => (['blue', 'green'] as const).map((each) => ({ ...key, slot: each })));
  return target.environment.addresses.holderOf(placeOf(target, slot), others);
}

export function addressTaken(target: Target, slot: SlotName, holder: SlotKey): string {
  const address = target.environment.addresses.nameOf(placeOf(target, slot));
  return `the configuration gives ${address} to ${slot} of ${target.name}, and ${describePlace(holder)} was started on it and keeps it until its next start`;
}

/** What it would be started with now, and whether it could be. @throws as `startRelease` before it stops anything */
export function preflight(
  target: Target,
  slot: SlotName,
  release: ReleaseFiles,
  kind: StartKind = 'addition',
): Effective {
  return target.environment.preflight(placeToStart(target, slot), release, launchSettings(target, slot, release, kind));
}

/** Of what serves users. @throws BlueGreenError `release-invalid` */
export function launchSettings(target: Target, slot: SlotName, release: ReleaseFiles, kind: StartKind): LaunchSettings {
  const { env, graceMs, settleMs, minFreeDiskBytes, minFreeMemoryBytes, maxLogBytes, slots, quota } = target.settings;
  const { command, requiredEnv, envFormats, templates } = runSettingsOf(target, release);
  return {
    command,
    env,
    requiredEnv,
    envFormats: kind === 'rescue' ? [] : envFormats,
    templates,
    graceMs,
    settleMs,
    minFreeDiskBytes: kind === 'rescue' ? 0 : minFreeDiskBytes,
    minFreeMemoryBytes,
    maxLogBytes,
    envFiles: slots[slot].envFiles,
    health: target.settings.health,
    account: slots[slot].account,
    quota,
    ...liveFileOf(target, slot),
  };
}

/** Where the service has roles, also for what serves users. */
function liveFileOf({ key, settings, environment }: Target, slot: SlotName): { readonly liveFile?: string } {
  if (settings.processRoles === undefined || !environment.processRoles) return {};
  return { liveFile: environment.processRoles.liveFile({ ...key, slot }) };
}
