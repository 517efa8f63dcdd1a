// What a side takes of the machine, for the checks that ask for it: read from its environment, summed over its instances.

import type { TargetSettings } from '../config/settings.ts';
import type { SideUse } from '../domain/evidence.ts';
import type { SlotName } from '../domain/target.ts';
import type { Environment } from '../environment/environment.ts';
import type { InstanceUse } from '../environment/usage.ts';
import { BlueGreenError } from '../lib/errors.ts';
import { shareOf } from '../orchestrator/routing/routing.ts';
import type { Db } from '../state/database.ts';
import { readRouting, readSlot } from '../state/targets.ts';

interface UsageParts {
  readonly db: Db;
  readonly environment: Environment;
  readonly settings: Pick<TargetSettings, 'service' | 'target' | 'slots' | 'driver'>;
}

/** Rejects with `evidence-unreadable` where the sum would lack an instance. */
export function usageOf({ db, environment, settings }: UsageParts): (slot: SlotName) => Promise<SideUse> {
  const { service, target, slots, driver } = settings;
  return async (slot) => {
    if (environment.usage === undefined)
      throw new BlueGreenError('evidence-unreadable', `the driver ${driver} does not measure what a side uses`);
    const { addresses } = environment;
    const place = addresses.configured({ service, target, slot }, slots[slot]);
    const expected = addresses.endpoints(addresses.asStarted(place)).length;
    const uses = await environment.usage(place);
    if (uses.length < expected)
      throw new BlueGreenError(
        'evidence-unreadable',
        expected === 1 ? `nothing runs in ${slot}` : `${uses.length} of ${expected} instances run in ${slot}`,
      );
    return {
      mark: uses.map(({ instance, startedAt }) => `${instance}:${startedAt}`).join(' '),
      percent: shareOf(readRouting(db, { service, target }).intent, slot),
      cpuMs: totalOf(uses, 'cpuMs'),
      memoryBytes: totalOf(uses, 'memoryBytes'),
      openFiles: totalOf(uses, 'openFiles'),
      threads: totalOf(uses, 'threads'),
      restarts: readSlot(db, { service, target }, slot).restarts,
    };
  };
}

function totalOf(
  uses: readonly InstanceUse[],
  key: 'cpuMs' | 'memoryBytes' | 'openFiles' | 'threads',
): number | undefined {
  let total = 0;
  for (const use of uses) {
    const value = use[key];
    if (value === undefined) return undefined;
    total += value;
  }
  return total;
}
