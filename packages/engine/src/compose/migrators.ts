// The second part of the composition root: a target's database from its configuration. Nothing is connected here.

import { requireDriver } from '../config/drivers.ts';
import { readReleaseManifest } from '../config/release-manifest/release-manifest.ts';
import type { TargetSettings } from '../config/settings.ts';
import { readEnvFiles, substituteAll } from '../environment/env-files.ts';
import type { Clock } from '../lib/clock.ts';
import { addressOf } from '../migrator/address.ts';
import type { RunLimits } from '../migrator/database.ts';
import type { Migrator } from '../migrator/migrator.ts';
import { noMigrator } from '../migrator/none.ts';
import type { EngineDrivers } from './engine-drivers.ts';

/** Another migrator is at work for as long as one of its steps takes. */
const lockWaitMs = 60_000;
const mostTries = 1_000;
const programs = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export function createTargetMigrator(
  target: TargetSettings,
  clock: Clock,
  databases: EngineDrivers['databases'],
): Migrator {
  const { database } = target;
  if (!database) return noMigrator;
  const { lockTimeoutMs, lockTotalMs, statementTimeoutMs } = database;
  const limits: RunLimits = { lockTimeoutMs, lockTries: mostTries, lockTotalMs, statementTimeoutMs };
  const filledIn = (url: string): string =>
    addressOf(url, { blue: slotVariables(target, 'blue'), green: slotVariables(target, 'green') });
  return requireDriver(databases, database.driver).create({
    settings: database,
    address: () => filledIn(database.url),
    filledIn,
    limits,
    lockWaitMs,
    manifestOf: readReleaseManifest,
    smokeEnv: { PATH: programs },
    smokeAccount: target.slots.blue.account ?? target.slots.green.account,
    clock,
  });
}

/** What the services of both slots get about their database: the same files and variables, in the same order. */
function slotVariables({ env, slots }: TargetSettings, slot: 'blue' | 'green'): Readonly<Record<string, string>> {
  const fromFiles = readEnvFiles(slots[slot].envFiles);
  const builtIn = { ENVIRONMENT_COLOR: slot, APPLICATION_PORT: String(slots[slot].port) };
  return { ...fromFiles, ...substituteAll(env, { ...fromFiles, ...builtIn }).values };
}
