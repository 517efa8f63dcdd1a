// Starts and stops one slot for a person. Neither touches the routing, nor a slot that users get or that a deployment
// works in.

import { join } from 'node:path';
import type { Engine } from '../../api/engine.ts';
import type { StartedByHand } from '../../api/slots.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { SlotName, TargetRef } from '../../domain/target.ts';
import type { ReleaseFiles } from '../../environment/environment.ts';
import { measureFolder } from '../../lib/digest.ts';
import { messageOf } from '../../lib/errors.ts';
import { addRelease, idleSlot, readRelease, setSlot } from '../../state/targets.ts';
import { rememberHealthy } from '../controller/side-health.ts';
import { type Core, placeOf, slotMutex, type Target } from '../core.ts';
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
import { mayOperate } from '../gates/roles.ts';
import { startRelease } from '../plan/release-settings.ts';
import { standingOf, waysOut } from '../routing/standing.ts';
import { awaitHealthy } from '../run/await-healthy.ts';
import { refused } from './refused.ts';

interface ByHand extends TargetRef {
  readonly slot: SlotName;
  readonly version?: string | undefined;
  readonly actor: Actor;
}

export async function startByHand(
  core: Core,
  request: ByHand & { readonly version: string; readonly signal?: AbortSignal },
): ReturnType<Engine['slots']['start']> {
  const admitted = await admit(core, request, 'start');
  if (!admitted.ok) return admitted;
  const target = admitted.value;
  const release = await registerByHand(core, target, request.version, request.actor);
  if (!release.ok) return refused(core, { ...request, verb: 'start' }, release, target);
  const started = await core.mutex(slotMutex(target, request.slot), () =>
    startIn(core, target, request, release.value),
  );
  if (!started.ok) return refused(core, { ...request, verb: 'start' }, started, target);
  return ok(await shownHealthy(core, target, request));
}

async function startIn(core: Core, target: Target, request: ByHand, release: ReleaseFiles): Promise<Result<undefined>> {
  const { slot, actor } = request;
  const { version, digest } = release;
  const taken = core.store.write((tx): Result<undefined> => {
    const free = isFree(core, target, request);
    if (!free.ok) return free;
    setSlot(tx, target.key, slot, { ...idleSlot, role: 'preview', version, digest, label: 'kept', since: tx.now });
    tx.audit({
      ...target.key,
      actor: actorName(actor),
      action: 'started-by-hand',
      sentence: `${shortName(actorName(actor))} starts ${version} in ${slot}`,
      detail: { slot },
    });
    return free;
  });
  if (!taken.ok) return taken;
  try {
    await startRelease(target, slot, release);
  } catch (thrown) {
    core.store.write((tx) => {
      setSlot(tx, target.key, slot, { ...idleSlot, since: tx.now });
      tx.audit({
        ...target.key,
        actor: 'engine',
        action: 'start-failed',
        sentence: `${version} could not be started in ${slot}: ${messageOf(thrown)}`,
        detail: { slot },
      });
    });
    throw thrown;
  }
  return taken;
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

export async function stopByHand(core: Core, request: ByHand): ReturnType<Engine['slots']['stop']> {
  const admitted = await admit(core, request, 'stop');
  if (!admitted.ok) return admitted;
  const target = admitted.value;
  const { slot, actor } = request;
  const stopped = await core.mutex(slotMutex(target, slot), async (): Promise<Result<undefined>> => {
    const free = isFree(core, target, request);
    if (!free.ok) return free;
    await target.environment.stop(placeOf(target, slot), target.settings.graceMs);
    core.store.write((tx) => {
      setSlot(tx, target.key, slot, { ...idleSlot, since: tx.now });
      tx.audit({
        ...target.key,
        actor: actorName(actor),
        action: 'stopped-by-hand',
        sentence: `${shortName(actorName(actor))} stops ${slot}`,
        detail: { slot },
      });
    });
    return free;
  });
  if (!stopped.ok) return refused(core, { ...request, verb: 'stop' }, stopped, target);
  return ok(await target.environment.inspect(placeOf(target, slot)));
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

/** Refused on a slot that serves users or that a deployment works in. */
async function admit(core: Core, request: ByHand, verb: string): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb }, found);
  const target = found.value;
  const answer = isFree(core, target, request);
  if (!answer.ok) return refused(core, { ...request, verb }, answer, target);
  const standing = await standingOf({ core, target });
  if (standing.kind !== 'known')
    return refused(core, { ...request, verb }, refuse('drifted', standing.sentence, waysOut), target);
  if (standing.served.has(request.slot))
    return refused(core, { ...request, verb }, serves(target, request.slot), target);
  return found;
}

/** What this state says of the slot: asked again at the last moment, since a deployment may have been asked for. */
function isFree(core: Core, target: Target, { slot, version, actor }: ByHand): Result<undefined> {
  const facts = gatherFacts(core, target, { actor, version: version ?? '' });
  const gates: readonly { gate: Gate }[] = [
    { gate: inTeam },
    { gate: mayOperate },
    { gate: sameConfiguration },
    { gate: stateKnown },
    { gate: noLiveDeployment },
    ...(version === undefined ? [] : [{ gate: releaseKnown }]),
  ];
  const answer = ask(gates, facts);
  return answer.ok && facts.active?.slot === slot ? serves(target, slot) : answer;
}

const serves = ({ name }: Target, slot: SlotName) =>
  refuse('not-allowed-now', `${slot} serves the users of ${name}`, 'Use deploy, switch or rollback.');
