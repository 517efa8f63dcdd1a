// Compares both sides of a target as they are now. It changes nothing.

import { createHash } from 'node:crypto';
import type { ComparedSide, SidesView } from '../../api/sides.ts';
import type { SideNumbers } from '../../api/timeline.ts';
import { ok, type Result } from '../../domain/refusal.ts';
import type { SideCounts, Traffic } from '../../domain/routing.ts';
import type { SlotName, TargetRef } from '../../domain/target.ts';
import type { Effective } from '../../environment/environment.ts';
import { readRelease } from '../../state/targets.ts';
import { type Core, healthOf, placeOf, releaseFiles, type Target } from '../core.ts';
import { findTarget } from '../gates/facts.ts';
import { preflight } from '../plan/release-settings.ts';
import { fitsSchema } from '../schema/observe.ts';
import { compareSettings, type StartedSide } from './compare-settings.ts';
import { viewTarget } from './target-view.ts';

const countedMs = 5 * 60_000;

export async function compareSides(core: Core, ref: TargetRef): Promise<Result<SidesView>> {
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const target = found.value;
  const at = core.clock.now();
  const sinceMs = at - countedMs;
  const traffic = await target.balancer.counts?.traffic(sinceMs).catch(() => undefined);
  const [blue, green] = await Promise.all([
    sideOf(core, target, 'blue', traffic),
    sideOf(core, target, 'green', traffic),
  ]);
  return ok({
    ...target.key,
    name: target.name,
    at,
    sinceMs,
    blue: blue.side,
    green: green.side,
    ...compareSettings(target.settings.env, blue, green),
  });
}

interface Side extends StartedSide {
  readonly side: ComparedSide;
}

async function sideOf(core: Core, target: Target, slot: SlotName, traffic: Traffic | undefined): Promise<Side> {
  const view = viewTarget(core, target).slots[slot === 'blue' ? 0 : 1];
  const { role, version, since, health, healthProblem, port, cpuPercent, memoryBytes, open, restarts } = view;
  const runs = role !== 'idle' && version !== undefined;
  const release = runs ? releaseFiles(core, target.key.service, version) : undefined;
  const seen = await target.environment.inspect(placeOf(target, slot)).catch(() => undefined);
  const startedWith = seen?.kind === 'running' ? seen.startedWith : undefined;
  const now = release && startedWith ? attempt(() => preflight(target, slot, release, 'rescue')) : undefined;
  const fits =
    release && target.migrator.kind !== undefined ? await fitsSchema(core, target, release.folder) : undefined;
  const side: ComparedSide = {
    slot,
    role,
    version: runs ? version : undefined,
    commit: runs ? readRelease(core.store.db, target.key.service, version)?.origin?.commit : undefined,
    digest: release?.digest,
    since,
    health,
    healthProblem,
    port,
    cpuPercent,
    memoryBytes,
    open,
    restarts,
    configuration: startedWith && digestOf(startedWith),
    envFiles: startedWith?.envFiles ?? [],
    rule: runs ? ruleOf(target, slot) : {},
    numbers: traffic && numbersOf(traffic[slot]),
    schema: fits && { verdict: fits.verdict, evidence: fits.evidence },
  };
  return { side, startedWith, now };
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

const numbersOf = ({ requests, errors, connectFailures, p50Ms, p95Ms, p99Ms }: SideCounts): SideNumbers => ({
  requests,
  errors,
  connectFailures,
  p50Ms,
  p95Ms,
  p99Ms,
});

/** Env files have other names for each slot; what counts is what they give. */
function digestOf({ key, command, variables }: Effective): string {
  const marks = Object.entries(variables)
    .map(([name, { mark }]) => [name, mark] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([key, command, marks]))
    .digest('hex')
    .slice(0, 12);
}

/** Without headers and commands, which may hold a secret. */
function ruleOf(target: Target, slot: SlotName): Readonly<Record<string, string>> {
  const { type, path, check, intervalMs, timeoutMs, failures, successes, startupMs } = healthOf(target, slot);
  const rule = { type, path, check, intervalMs, timeoutMs, failures, successes, startupMs };
  return Object.fromEntries(Object.entries(rule).map(([name, value]) => [name, String(value)]));
}
