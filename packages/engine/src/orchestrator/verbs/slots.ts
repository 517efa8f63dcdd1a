// What a person may ask of one slot: start, stop, health, smoke tests, logs. None of it touches the routing.

import { join } from 'node:path';
import type { Engine } from '../../api/engine.ts';
import type { StartedByHand } from '../../api/slots.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { SlotName, TargetRef } from '../../domain/target.ts';
import type { ReleaseFiles } from '../../environment/environment.ts';
import { probeHealth } from '../../environment/health.ts';
import { runSmokeTests } from '../../environment/smoke.ts';
import { isRequestId, traceRequest } from '../../environment/trace.ts';
import { measureFolder } from '../../lib/digest.ts';
import { messageOf } from '../../lib/errors.ts';
import { addRelease, idleSlot, readRelease, readSlot, setSlot } from '../../state/targets.ts';
import { rememberHealthy } from '../controller/side-health.ts';
import { type Core, healthOf, placeOf, releaseFiles, slotUrl, type Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import {
  ask,
  type Gate,
  inTeam,
  noLiveDeployment,
  releaseKnown,
  sameConfiguration,
  stateKnown,
} from '../gates/gates.ts';
import { runSettingsOf, startRelease } from '../plan/release-settings.ts';
import { standingOf, waysOut } from '../routing/standing.ts';
import { awaitHealthy } from '../run/await-healthy.ts';
import { recordRefusal } from './refused.ts';

export function createSlotVerbs(core: Core): Engine['slots'] {
  return {
    async health(ref, slot) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { key } = found.value;
      const version = readSlot(core.store.db, key, slot).version ?? undefined;
      return ok(
        await probeHealth({
          url: slotUrl(found.value, slot),
          expected: { slot, version },
          settings: healthOf(found.value, slot),
        }),
      );
    },
    async smoke(ref, slot) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { key, settings } = found.value;
      const release = releaseFiles(core, key.service, readSlot(core.store.db, key, slot).version ?? '');
      const { smokeTests: tests } = release ? runSettingsOf(found.value, release) : settings;
      const where = { baseUrl: slotUrl(found.value, slot), slotRule: healthOf(found.value, slot) };
      return ok(await runSmokeTests({ ...where, tests, totalMs: settings.smokeTotalMs, clock: core.clock }));
    },
    start: (request) => startByHand(core, request),
    stop: (request) => stopByHand(core, request),
    logFile(ref, slot) {
      const found = findTarget(core, ref);
      return found.ok ? ok(found.value.environment.logFile(placeOf(found.value, slot))) : found;
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
    ...(['blue', 'green'] as const).map((slot) => ({
      source: slot,
      file: environment.logFile(placeOf(found.value, slot)),
    })),
  ];
  return ok(await traceRequest({ id, logs, ...(signal ? { signal } : {}) }));
}

interface ByHand extends TargetRef {
  readonly slot: SlotName;
  readonly actor: Actor;
}

/** Refused on a slot that serves users or that a deployment works in. */
async function admit(core: Core, request: ByHand, verb: string, version?: string): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb }, found);
  const facts = gatherFacts(core, found.value, { actor: request.actor, version: version ?? '' });
  const gates: readonly { gate: Gate }[] = [
    { gate: inTeam },
    { gate: sameConfiguration },
    { gate: stateKnown },
    { gate: noLiveDeployment },
    ...(version === undefined ? [] : [{ gate: releaseKnown }]),
  ];
  const answer = ask(gates, facts);
  if (!answer.ok) return refused(core, { ...request, verb }, answer, found.value);
  const standing = await standingOf({ core, target: found.value });
  if (standing.kind !== 'known')
    return refused(core, { ...request, verb }, refuse('drifted', standing.sentence, waysOut), found.value);
  if (facts.active?.slot === request.slot || standing.served.has(request.slot))
    return refused(
      core,
      { ...request, verb },
      refuse(
        'not-allowed-now',
        `${request.slot} serves the users of ${found.value.name}`,
        'Use deploy, switch or rollback.',
      ),
      found.value,
    );
  return found;
}

export function refused(
  core: Core,
  { actor, verb }: Pick<ByHand, 'actor'> & { readonly verb: string },
  answer: Result<unknown> & { readonly ok: false },
  target?: Target,
): Result<never> {
  recordRefusal(core, { actor, verb, refusal: answer.refusal, key: target?.key });
  return answer;
}

async function startByHand(
  core: Core,
  request: ByHand & { readonly version: string; readonly signal?: AbortSignal },
): ReturnType<Engine['slots']['start']> {
  const admitted = await admit(core, request, 'start', request.version);
  if (!admitted.ok) return admitted;
  const target = admitted.value;
  const release = await registerByHand(core, target, request.version, request.actor);
  if (!release.ok) return release;
  core.store.write((tx) => {
    setSlot(tx, target.key, request.slot, {
      ...idleSlot,
      role: 'preview',
      version: request.version,
      digest: release.value.digest,
      label: 'kept',
      since: tx.now,
    });
    tx.audit({
      ...target.key,
      actor: actorName(request.actor),
      action: 'started-by-hand',
      sentence: `${shortName(actorName(request.actor))} starts ${request.version} in ${request.slot}`,
      detail: { slot: request.slot },
    });
  });
  try {
    await startRelease(target, request.slot, release.value);
  } catch (thrown) {
    core.store.write((tx) => {
      setSlot(tx, target.key, request.slot, { ...idleSlot, since: tx.now });
      tx.audit({
        ...target.key,
        actor: 'engine',
        action: 'start-failed',
        sentence: `${request.version} could not be started in ${request.slot}: ${messageOf(thrown)}`,
        detail: { slot: request.slot },
      });
    });
    throw thrown;
  }
  return ok(await shownHealthy(core, target, request));
}

async function shownHealthy(
  core: Core,
  target: Target,
  { slot, version, signal = new AbortController().signal }: ByHand & { version: string; signal?: AbortSignal },
): Promise<StartedByHand> {
  const waited = await awaitHealthy({ core, target, slot, version, signal });
  const now = await target.environment.inspect(placeOf(target, slot));
  switch (waited.kind) {
    case 'healthy':
      rememberHealthy({ core, target, slot }, waited);
      return now;
    case 'ended':
      return { ...waited.seen, problem: `${version} ended while it was starting` };
    case 'never':
      return {
        ...now,
        problem: `${version} did not become healthy within ${waited.limitMs / 1000} s: ${waited.problem}`,
      };
    default:
      return waited satisfies never;
  }
}

async function stopByHand(core: Core, request: ByHand): ReturnType<Engine['slots']['stop']> {
  const admitted = await admit(core, request, 'stop');
  if (!admitted.ok) return admitted;
  const target = admitted.value;
  await target.environment.stop(placeOf(target, request.slot), target.settings.graceMs);
  core.store.write((tx) => {
    setSlot(tx, target.key, request.slot, { ...idleSlot, since: tx.now });
    tx.audit({
      ...target.key,
      actor: actorName(request.actor),
      action: 'stopped-by-hand',
      sentence: `${shortName(actorName(request.actor))} stops ${request.slot}`,
      detail: { slot: request.slot },
    });
  });
  return ok(await target.environment.inspect(placeOf(target, request.slot)));
}

export async function registerByHand(
  core: Core,
  target: Target,
  version: string,
  actor: Actor,
): Promise<Result<ReleaseFiles>> {
  const folder = join(target.settings.releasesFolder, version);
  const { digest, bytes, files } = await measureFolder(folder);
  const known = readRelease(core.store.db, target.key.service, version);
  if (known && known.digest !== digest)
    return refuse(
      'release-unknown',
      `the files of ${version} are not the ones that were registered`,
      'A version is immutable: publish a new one.',
    );
  if (!known)
    core.store.write((tx) => {
      addRelease(tx, { service: target.key.service, version, digest, folder, registeredAt: tx.now, bytes, files });
      tx.audit({
        ...target.key,
        actor: actorName(actor),
        action: 'registered',
        sentence: `${version} (${digest.slice(0, 12)})`,
        detail: { digest },
      });
    });
  return ok({ version, digest, folder });
}
