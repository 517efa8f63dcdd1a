// Takes over a service that already runs, without a restart. It comes before the first deployment, and after the loss
// of the state file it is the way back.

import type { Engine } from '../../api/engine.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { driverCannot } from '../../domain/capabilities.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { Routing } from '../../domain/routing.ts';
import { confirmRouting, idleSlot, intendRouting, setSlot } from '../../state/targets.ts';
import { type Core, healthOf, placeToAdopt, routingMutex, type Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, type GateFacts, inTeam, noLiveDeployment, releaseKnown, sameConfiguration } from '../gates/gates.ts';
import { mayDeploy } from '../gates/roles.ts';
import { fenceOfVerb, highestGeneration } from '../routing/routing.ts';
import { probeFound } from '../side-checks.ts';
import { registerByHand } from './by-hand.ts';
import { refused } from './refused.ts';

type AdoptRequest = Parameters<Engine['adopt']>[0];

/** The slot is recorded as active, and the routing that leads to it becomes the intent. */
export async function adopt(core: Core, request: AdoptRequest): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb: 'adopt' }, found);
  const target = found.value;
  const { adoption } = target.environment;
  if (!adoption) return refused(core, { ...request, verb: 'adopt' }, cannotAdopt(target), target);
  const facts = gatherFacts(core, target, { actor: request.actor, version: request.version });
  const answer = admissible(target, facts);
  if (!answer.ok) return refused(core, { ...request, verb: 'adopt' }, answer, target);
  const release = await registerByHand(core, target, request.version, request.actor);
  if (!release.ok) return refused(core, { ...request, verb: 'adopt' }, release, target);
  const place = await placeToAdopt(target, request.slot);
  const reports = await probeFound(target, { place, version: request.version });
  // All that answer are adopted; an instance where nothing runs is started afterwards.
  const ill = reports.find(({ answered, healthy }) => answered && !healthy);
  const health = ill ?? reports.find(({ healthy }) => healthy) ?? reports[0];
  if (!health.healthy)
    return refused(
      core,
      { ...request, verb: 'adopt' },
      unfit(target.environment.addresses.nameOf(place), request, health.problem),
      target,
    );
  const led = await core.mutex(routingMutex(target), async (): Promise<Result<undefined>> => {
    // Another person may have adopted a side, or asked for a deployment, while this one was asked for its health.
    // After a lost state the controller may have found the same side by itself: then what is asked for is so.
    const now = gatherFacts(core, target, { actor: request.actor, version: request.version });
    if (isSo(now, request)) return ok(undefined);
    const still = admissible(target, now);
    if (!still.ok) return still;
    await adoption.adopt(place, release.value);
    await target.environment.judgeBy(place, healthOf(target, request.slot));
    return lead(core, target, request, release.value.digest);
  });
  return led.ok ? ok(target) : refused(core, { ...request, verb: 'adopt' }, led, target);
}

function cannotAdopt({ name, settings: { driver } }: Target) {
  const sentence = `the environment of ${name} is missing a capability: ${driverCannot(driver, 'adoption')}`;
  return refuse('not-supported', sentence, 'Deploy instead.');
}

function admissible(target: Target, facts: GateFacts): Result<undefined> {
  const answer = ask(
    [
      { gate: inTeam },
      { gate: mayDeploy },
      { gate: sameConfiguration },
      { gate: noLiveDeployment },
      { gate: releaseKnown },
    ],
    facts,
  );
  if (!answer.ok || !facts.active) return answer;
  return refuse(
    'not-allowed-now',
    `${target.name} already has an active side: ${facts.active.version} in ${facts.active.slot}`,
    'Deploy instead.',
  );
}

const isSo = ({ active }: GateFacts, { slot, version }: Pick<AdoptRequest, 'slot' | 'version'>): boolean =>
  active?.slot === slot && active.version === version;

function unfit(where: string, { slot, version }: AdoptRequest, problem: string | undefined) {
  return refuse(
    'side-unhealthy',
    `what answers on ${where} is not a healthy ${version} in ${slot}: ${problem}`,
    'Nothing was changed.',
  );
}

async function lead(
  core: Core,
  target: Target,
  { slot, version, actor }: AdoptRequest,
  digest: string,
): Promise<Result<undefined>> {
  const { key, balancer } = target;
  await balancer.ensure();
  // After a lost state file the balancer knows a higher generation than this state does.
  const observed = await highestGeneration(target);
  const intended = core.store.write((tx): Result<Routing | undefined> => {
    // Once more, for what another process has written.
    const now = gatherFacts(core, target, { actor, version });
    if (isSo(now, { slot, version })) return ok(undefined);
    const still = admissible(target, now);
    if (!still.ok) return still;
    setSlot(tx, key, slot, { ...idleSlot, role: 'active', version, digest, since: tx.now });
    tx.audit({
      ...key,
      actor: actorName(actor),
      action: 'adopted',
      sentence: `${shortName(actorName(actor))} adopts ${version} in ${slot}, which goes on running`,
      detail: { slot },
    });
    return ok(intendRouting(tx, key, { active: slot, canary: undefined, preview: undefined }, observed));
  });
  if (!intended.ok) return intended;
  const routing = intended.value;
  if (!routing) return ok(undefined);
  await balancer.apply(routing, fenceOfVerb(core));
  core.store.write((tx) => {
    confirmRouting(tx, key, routing.generation);
    tx.audit({
      ...key,
      actor: 'engine',
      action: 'routing-applied',
      sentence: `all users to the adopted ${version}`,
      detail: { routing },
    });
  });
  return ok(undefined);
}
