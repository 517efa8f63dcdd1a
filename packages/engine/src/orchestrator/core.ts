// What every part of the flow is handed: the store, the drivers of a target, time, and a way to wait for change.

import { targetName, type Settings, type TargetSettings } from '../config/settings.ts';
import type { Environment, LaunchSettings, ReleaseFiles, SlotName, SlotPlace } from '../environment/environment.ts';
import type { LoadBalancer } from '../load-balancer/load-balancer.ts';
import type { Migrator } from '../migrator/migrator.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Store } from '../state/store.ts';
import { readRelease, type TargetKey } from '../state/targets.ts';
import type { Wake } from '../state/wake.ts';

/** One target with its drivers. */
export interface Target {
  readonly key: TargetKey;
  readonly name: string;
  readonly settings: TargetSettings;
  readonly preview: { readonly header: string; readonly token: string };
  readonly environment: Environment;
  readonly balancer: LoadBalancer;
  readonly migrator: Migrator;
}

export interface Core {
  readonly settings: Settings;
  readonly store: Store;
  readonly wake: Wake;
  readonly clock: Clock;
  readonly log: Log;
  readonly targets: readonly Target[];
}

export function targetOf(core: Core, { service, target }: TargetKey): Target | undefined {
  return core.targets.find(({ key }) => key.service === service && key.target === target);
}

/** For rows whose target must be configured. */
export function mustTarget(core: Core, key: TargetKey): Target {
  const found = targetOf(core, key);
  if (!found) throw new Error(`${key.service}/${key.target} is not configured any more`);
  return found;
}

export function placeOf({ key, settings }: Target, slot: SlotName): SlotPlace {
  return { ...key, slot, port: settings.slots[slot].port };
}

export function launchSettings({ settings }: Target, slot: SlotName): LaunchSettings {
  const { command, env, requiredEnv, graceMs, settleMs, minFreeDiskBytes, minFreeMemoryBytes, maxLogBytes } = settings;
  return { command, env, requiredEnv, graceMs, settleMs, minFreeDiskBytes, minFreeMemoryBytes, maxLogBytes, envFiles: settings.slots[slot].envFiles };
}

export function slotUrl({ settings }: Target, slot: SlotName): string {
  return `http://127.0.0.1:${settings.slots[slot].port}`;
}

export function releaseFiles(core: Core, service: string, version: string): ReleaseFiles | undefined {
  const row = readRelease(core.store.db, service, version);
  return row && { version, digest: row.digest, folder: row.folder };
}

export { targetName };
