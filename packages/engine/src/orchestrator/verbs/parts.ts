// The single parts, for people who look into something: they start, stop and ask one slot and never touch routing.

import type { Engine, TargetRef } from '../../engine-api.ts';
import { join } from 'node:path';
import type { SlotName } from '../../environment/environment.ts';
import { probeHealth } from '../../environment/health.ts';
import { runSmokeTests } from '../../environment/smoke.ts';
import { digestFolder } from '../../lib/digest.ts';
import { addRelease, idleSlot, intendRouting, confirmRouting, readRelease, readRouting, readSlot, setSlot } from '../../state/targets.ts';
import { type Actor, actorName, shortName } from '../actor.ts';
import { type Core, launchSettings, placeOf, slotUrl, type Target } from '../core.ts';
import { findTarget, gatherFacts } from '../facts.ts';
import { inTeam, noLiveDeployment, releaseKnown, ask } from '../gates.ts';
import { ok, refuse, type Result } from '../refusal.ts';
import { recordRefusal } from './refused.ts';

export function createParts(core: Core): Engine['parts'] {
  return {
    async health(ref, slot) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { settings, key } = found.value;
      const version = readSlot(core.store.db, key, slot).version ?? undefined;
      return ok(await probeHealth({ url: slotUrl(found.value, slot), expected: { slot, version }, settings: settings.health }));
    },
    async smoke(ref, slot) {
      const found = findTarget(core, ref);
      if (!found.ok) return found;
      const { smokeTests: tests, smokeTotalMs: totalMs } = found.value.settings;
      return ok(await runSmokeTests({ baseUrl: slotUrl(found.value, slot), tests, totalMs, clock: core.clock }));
    },
    start: (request) => startByHand(core, request),
    stop: (request) => stopByHand(core, request),
    logFile(ref, slot) {
      const found = findTarget(core, ref);
      return found.ok ? ok(found.value.environment.logFile(placeOf(found.value, slot))) : found;
    },
  };
}

interface ByHand extends TargetRef {
  readonly slot: SlotName;
  readonly actor: Actor;
}

/** Refused on a slot that serves users or that a deployment works in. */
function admit(core: Core, request: ByHand, verb: string, version?: string): Result<Target> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, request, verb, found);
  const facts = gatherFacts(core, found.value, { actor: request.actor, version: version ?? '' });
  const gates = [{ gate: inTeam }, { gate: noLiveDeployment }, ...(version === undefined ? [] : [{ gate: releaseKnown }])];
  const answer = ask(gates, facts);
  if (!answer.ok) return refused(core, request, verb, answer, found.value);
  if (facts.active?.slot === request.slot)
    return refused(core, request, verb, refuse('not-allowed-now', `${request.slot} serves the users of ${found.value.name}`, 'Use deploy, switch or rollback.'), found.value);
  return found;
}

function refused<T>(core: Core, { actor }: ByHand, verb: string, answer: Result<T> & { readonly ok: false }, target?: Target): Result<never> {
  recordRefusal(core, { actor, verb, refusal: answer.refusal, key: target?.key });
  return answer;
}

async function startByHand(core: Core, request: ByHand & { readonly version: string }): ReturnType<Engine['parts']['start']> {
  const admitted = admit(core, request, 'start', request.version);
  if (!admitted.ok) return admitted;
  const target = admitted.value;
  const release = await register(core, target, request.version, request.actor);
  if (!release.ok) return release;
  core.store.write((tx) => {
    setSlot(tx, target.key, request.slot, { ...idleSlot, role: 'preview', version: request.version, digest: release.value.digest, label: 'kept', since: tx.now });
    tx.audit({ ...target.key, actor: actorName(request.actor), action: 'started-by-hand', sentence: `${shortName(actorName(request.actor))} starts ${request.version} in ${request.slot}`, detail: { slot: request.slot } });
  });
  return ok(await target.environment.start(placeOf(target, request.slot), release.value, launchSettings(target, request.slot)));
}

async function stopByHand(core: Core, request: ByHand): ReturnType<Engine['parts']['stop']> {
  const admitted = admit(core, request, 'stop');
  if (!admitted.ok) return admitted;
  const target = admitted.value;
  await target.environment.stop(placeOf(target, request.slot), target.settings.graceMs);
  core.store.write((tx) => {
    setSlot(tx, target.key, request.slot, { ...idleSlot, since: tx.now });
    tx.audit({ ...target.key, actor: actorName(request.actor), action: 'stopped-by-hand', sentence: `${shortName(actorName(request.actor))} stops ${request.slot}`, detail: { slot: request.slot } });
  });
  return ok(await target.environment.inspect(placeOf(target, request.slot)));
}

async function register(core: Core, target: Target, version: string, actor: Actor): Promise<Result<{ version: string; digest: string; folder: string }>> {
  const folder = join(target.settings.releasesFolder, version);
  const digest = await digestFolder(folder);
  const known = readRelease(core.store.db, target.key.service, version);
  if (known && known.digest !== digest) return refuse('release-unknown', `the files of ${version} are not the ones that were registered`, 'A version is immutable: publish a new one.');
  if (!known)
    core.store.write((tx) => {
      addRelease(tx, { service: target.key.service, version, digest, folder, registeredAt: tx.now });
      tx.audit({ ...target.key, actor: actorName(actor), action: 'registered', sentence: `${version} (${digest.slice(0, 12)})`, detail: { digest } });
    });
  return ok({ version, digest, folder });
}

/** Takes over what already runs: the slot is recorded as active, and the routing that leads to it becomes the intent. */
export async function adopt(core: Core, request: Parameters<Engine['adopt']>[0]): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return found;
  const target = found.value;
  const facts = gatherFacts(core, target, { actor: request.actor, version: request.version });
  const answer = ask([{ gate: inTeam }, { gate: noLiveDeployment }, { gate: releaseKnown }], facts);
  if (!answer.ok) return refused(core, request, 'adopt', answer, target);
  if (facts.active) return refused(core, request, 'adopt', refuse('not-allowed-now', `${target.name} already has an active side: ${facts.active.version} in ${facts.active.slot}`, 'Deploy instead.'), target);
  const release = await register(core, target, request.version, request.actor);
  if (!release.ok) return release;
  const health = await probeHealth({ url: slotUrl(target, request.slot), expected: { slot: request.slot, version: request.version }, settings: target.settings.health });
  if (!health.healthy) return refused(core, request, 'adopt', refuse('side-unhealthy', `what answers on port ${target.settings.slots[request.slot].port} is not a healthy ${request.version} in ${request.slot}: ${health.problem}`, 'Nothing was changed.'), target);
  await target.environment.adopt(placeOf(target, request.slot), release.value);
  const routing = core.store.write((tx) => {
    setSlot(tx, target.key, request.slot, { ...idleSlot, role: 'active', version: request.version, digest: release.value.digest, since: tx.now });
    tx.audit({ ...target.key, actor: actorName(request.actor), action: 'adopted', sentence: `${shortName(actorName(request.actor))} adopts ${request.version} in ${request.slot}, which goes on running`, detail: { slot: request.slot } });
    return intendRouting(tx, target.key, { active: request.slot, canary: undefined, preview: undefined });
  });
  await target.balancer.ensure();
  await target.balancer.apply(routing, adoptFence(core));
  core.store.write((tx) => {
    confirmRouting(tx, target.key, readRouting(tx.db, target.key).intent.generation);
    tx.audit({ ...target.key, actor: 'engine', action: 'routing-applied', sentence: `everybody to the adopted ${request.version}`, detail: { routing } });
  });
  return ok(target);
}

/** Adopting happens before anything was deployed: under the newest token there is. */
function adoptFence({ store }: Core): number {
  return Number(store.db.$client.prepare("SELECT coalesce(max(token), 1) FROM leases WHERE name = 'driver'").pluck().get());
}
