// What a person may ask of one slot: start, stop, health, smoke tests, logs. None of it touches the routing.

import type { Engine } from '../../api/engine.ts';
import { ok, refuse } from '../../domain/refusal.ts';
import type { SlotName, TargetRef } from '../../domain/target.ts';
import type { InstanceLog } from '../../environment/environment.ts';
import { isRequestId, type SearchedLog, traceRequest } from '../../environment/trace.ts';
import { readSlot } from '../../state/targets.ts';
import { type Core, placeOf, releaseFiles } from '../core.ts';
import { findTarget } from '../gates/facts.ts';
import { runSettingsOf } from '../plan/release-settings.ts';
import { namesOf, placeOfStarted, rolesOf } from '../process-roles/places.ts';
import { scale } from '../scale/ask.ts';
import { probeSide, smokeSlot } from '../side-checks.ts';
import { startByHand, stopByHand } from './by-hand.ts';

export function createSlotVerbs(core: Core): Engine['slots'] {
  return {
    async health(ref, slot) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { key } = found.value;
      const version = readSlot(core.store.db, key, slot).version ?? undefined;
      return ok(await probeSide(found.value, { slot, version, needed: 'all' }));
    },
    async smoke(ref, slot) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { key, settings } = found.value;
      const release = releaseFiles(core, key.service, readSlot(core.store.db, key, slot).version ?? '');
      const { smokeTests: tests } = release ? runSettingsOf(found.value, release) : settings;
      return ok(await smokeSlot(core, found.value, { slot, needed: 'all', tests }));
    },
    start: (request) => startByHand(core, request),
    stop: ({ service, target, slot, actor }) => stopByHand(core, { service, target, slot, actor }),
    scale: (request) => scale(core, request),
    logs(ref, slot, role) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { environment } = found.value;
      if (role === undefined) return ok(environment.logs(placeOf(found.value, slot)));
      const names = rolesOf(found.value).map(({ name }) => name);
      if (environment.processRoles && names.includes(role))
        return ok(environment.logs(placeOfStarted(found.value, slot, role)));
      const known = names.length === 0 ? 'it has none' : `it has ${namesOf(names)}`;
      return refuse('text-invalid', `${found.value.name} has no process role of this name: ${known}`);
    },
    trace: (ref, id, signal) => trace(core, ref, id, signal),
  };
}

async function trace(
  core: Core,
  ref: TargetRef,
  id: string,
  signal?: AbortSignal,
): ReturnType<Engine['slots']['trace']> {
  if (!isRequestId(id))
    return refuse('text-invalid', 'a request id has 1 to 128 letters, digits, dots, dashes and underscores');
  const found = findTarget(core, ref);
  if (!found.ok) return found;
  const { balancer, environment } = found.value;
  const logs = [
    ...(balancer.accessLogs ?? []).map((file) => ({ source: 'balancer', file })),
    ...(['blue', 'green'] as const).flatMap((slot) => logsToSearch(environment.logs(placeOf(found.value, slot)), slot)),
  ];
  return ok(await traceRequest({ id, logs, ...(signal ? { signal } : {}) }));
}

function logsToSearch(logs: readonly InstanceLog[], slot: SlotName): readonly SearchedLog[] {
  return logs.map(({ instance, where, file, read }) => ({
    source: logs.length === 1 ? slot : `${slot} ${instance}`,
    file: file ?? where,
    ...(file === undefined ? { lines: read } : {}),
  }));
}
