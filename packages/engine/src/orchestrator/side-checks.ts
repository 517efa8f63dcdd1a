// How a side is asked: each of its instances directly, and how many must answer well.

import type { SmokeTest } from '../config/settings.ts';
import type { SlotName } from '../domain/target.ts';
import type { SlotPlace } from '../environment/environment.ts';
import { probeHealth } from '../environment/health.ts';
import type { HealthReport } from '../environment/health-report.ts';
import { probeInstances, type SlotHealth, smokeInstances } from '../environment/instance-checks.ts';
import type { SmokeReport } from '../environment/smoke.ts';
import { type Core, endpointsOf, healthOf, placeOf, type Target, urlOf } from './core.ts';

/** `all`: a side that is checked before it gets users. `enough`: one that has users, or had them. */
export type Needed = 'all' | 'enough';

/** As many instances as must be healthy on a side with users: one less than there are, unless the configuration says. */
export function enoughOf(target: Target, slot: SlotName): number {
  return enoughOfCount(target, endpointsOf(target, slot).length);
}

export const enoughOfCount = ({ settings }: Target, count: number): number =>
  Math.min(count, settings.minHealthy ?? Math.max(1, count - 1));

/** So many of its instances. */
export const neededOf = (target: Target, slot: SlotName, needed: Needed): number =>
  needed === 'all' ? endpointsOf(target, slot).length : enoughOf(target, slot);

interface Asked {
  readonly slot: SlotName;
  readonly needed: Needed;
  readonly signal?: AbortSignal | undefined;
}

/** By the rule of its start, or by another one. */
export async function probeSide(
  target: Target,
  asked: Asked & { readonly version: string | undefined; readonly settings?: ReturnType<typeof healthOf> },
): Promise<SlotHealth> {
  const { slot, needed, version, signal, settings = healthOf(target, slot) } = asked;
  const enough = neededOf(target, slot, needed);
  const urls = endpointsOf(target, slot).map(urlOf);
  const { environment } = target;
  const place = environment.addresses.asStarted(placeOf(target, slot));
  const ownChecks = await environment.ownChecks?.(place);
  const how = { settings, ownChecks, ...(signal ? { signal } : {}) };
  return probeInstances({ urls, enough, expected: { slot, version }, ...how });
}

export function smokeSlot(
  core: Pick<Core, 'clock'>,
  target: Target,
  { slot, needed, tests, signal }: Asked & { readonly tests: readonly SmokeTest[] },
): Promise<SmokeReport> {
  return smokeInstances({
    urls: endpointsOf(target, slot).map(urlOf),
    enough: neededOf(target, slot, needed),
    slotRule: healthOf(target, slot),
    tests,
    totalMs: target.settings.smokeTotalMs,
    clock: core.clock,
    ...(signal ? { signal } : {}),
  });
}

/** Of every instance at a place where something may run that the engine did not start, in order; at least one. */
export async function probeFound(
  target: Target,
  { place, version }: { readonly place: SlotPlace; readonly version: string | undefined },
): Promise<readonly [HealthReport, ...HealthReport[]]> {
  const { slot } = place;
  const settings = healthOf(target, slot);
  const probe = (url: string) => probeHealth({ url, expected: { slot, version }, settings });
  const [first, ...others] = target.environment.addresses.endpoints(place);
  const [report, ...rest] = await Promise.all([probe(urlOf(first)), ...others.map((each) => probe(urlOf(each)))]);
  return [report, ...rest];
}
