// What a person decides about drift: put back what was decided (Restore), or decide for what is (Adopt). Both look at
// the balancer at that moment, never at an earlier observation, and go on under a new generation.

import type { Engine } from '../../api/engine.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { hasCode } from '../../lib/errors.ts';
import { confirmRouting, intendRouting, readRouting, readSlot } from '../../state/targets.ts';
import { type Core, ensureUp, routingMutex, type Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, noLiveDeployment, sameConfiguration } from '../gates/gates.ts';
import { discoverAgain } from '../recovery/discover.ts';
import {
  commonRouting,
  compareRouting,
  describeRouting,
  readDrift,
  sameRouting,
  settleDrift,
} from '../routing/drift.ts';
import { rolesFollow } from '../routing/repair.ts';
import { fenceOfVerb, highestGeneration } from '../routing/routing.ts';
import { generationOf, strangeSides } from '../routing/standing.ts';
import { probeSide } from '../side-checks.ts';
import { refuseUnlessApprover } from './approver.ts';
import { refused } from './refused.ts';

type RoutingRequest = Parameters<Engine['restoreRouting']>[0];
type Wish = Omit<Routing, 'generation'>;

/** @throws what the balancer's driver throws; the intent then waits for the controller, which tries again */
export function restoreRouting(core: Core, request: RoutingRequest): Promise<Result<Target>> {
  return settle(core, request, 'routing restore', async (target) => {
    const { intent, confirmed } = readRouting(core.store.db, target.key);
    if (intent.generation === 0)
      return refuse('not-allowed-now', `nothing was decided for ${target.name} yet`, 'Deploy or adopt a version.');
    await ensureUp(core, target);
    const nodes = await target.balancer.observe();
    const isKnown = generationOf(nodes) <= intent.generation;
    if (confirmed && isKnown && compareRouting(intent, nodes) === 'same' && nodes.every(({ reachable }) => reachable))
      return refuse('not-allowed-now', `the load balancer of ${target.name} does what was decided`);
    const strange = generationOf(nodes) > intent.generation ? strangeSides({ core, target }) : [];
    if (strange.length > 0)
      return refuse(
        'state-unknown',
        `this state of ${target.name} is older than reality, so what it decided is not put back: ${strange.join('; ')}`,
        'Learn what runs now: `bg routing adopt`.',
      );
    return ok({ desired: desiredOf(intent), action: 'routing-restored', verb: 'restores what was decided' });
  });
}

/** @throws what the balancer's driver throws; users get what they got before */
export function adoptRouting(core: Core, request: RoutingRequest): Promise<Result<Target>> {
  return settle(core, request, 'routing adopt', async (target) => {
    const observed = commonRouting(await target.balancer.observe());
    if (typeof observed === 'string') return refuse('not-allowed-now', `${target.name}: ${observed}`, restoreInstead);
    const { intent } = readRouting(core.store.db, target.key);
    if (observed.generation > intent.generation && strangeSides({ core, target }).length > 0)
      return discoverOlder(core, target, request, observed);
    if (observed.generation <= intent.generation && sameRouting(observed, intent))
      return refuse('not-allowed-now', `the load balancer of ${target.name} does what was decided`);
    const unfit = await unfitSide(core, target, observed);
    if (unfit) return unfit;
    return ok({ desired: desiredOf(observed), action: 'routing-adopted', verb: 'adopts what the load balancer does' });
  });
}

/** What this state says of the sides is worth nothing: they are asked, and taken as they are. */
async function discoverOlder(
  core: Core,
  target: Target,
  { actor }: RoutingRequest,
  observed: Routing,
): Promise<Result<'settled'>> {
  const { store } = core;
  const discovery = { core, target, store, fence: fenceOfVerb(core), actor: actorName(actor) };
  const learnt = await discoverAgain(discovery, observed);
  if (typeof learnt === 'string')
    return refuse(
      'side-unhealthy',
      `${target.name} cannot be learnt: ${learnt}`,
      'Nothing was changed. Correct what is named, and ask again.',
    );
  store.write((tx) => {
    const drift = readDrift(core, target.key)?.id;
    settleDrift(tx, target.key);
    tx.audit({
      ...target.key,
      actor: actorName(actor),
      action: 'routing-adopted',
      sentence: `${shortName(actorName(actor))} adopts what the load balancer does: ${describeRouting(observed)}`,
      detail: { drift },
    });
  });
  return ok('settled');
}

const desiredOf = ({ active, canary, preview }: Wish): Wish => ({ active, canary, preview });

const restoreInstead = 'Restore what was decided instead.';

/** Users are on these sides already; that they get there on purpose needs a known and healthy release. */
async function unfitSide(core: Core, target: Target, { active, canary }: Routing) {
  for (const slot of [active, canary?.slot].filter((slot): slot is SlotName => slot !== undefined)) {
    const { version } = readSlot(core.store.db, target.key, slot);
    if (version === null) return refuse('side-unhealthy', `no release is known to stand in ${slot}`, restoreInstead);
    const report = await probeSide(target, { slot, version, needed: 'enough' });
    if (!report.healthy)
      return refuse('side-unhealthy', `${version} in ${slot} is not healthy: ${report.problem}`, restoreInstead);
  }
  return undefined;
}

interface Settling {
  readonly desired: Wish;
  readonly action: 'routing-adopted' | 'routing-restored';
  readonly verb: string;
}

async function settle(
  core: Core,
  request: RoutingRequest,
  verb: string,
  decide: (target: Target) => Promise<Result<Settling | 'settled'>>,
): Promise<Result<Target>> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb }, found);
  const target = found.value;
  return core.mutex(routingMutex(target), async () => {
    const answer = admissible(core, target, request);
    const settling = answer.ok ? await decide(target) : answer;
    if (!settling.ok) return refused(core, { ...request, verb }, settling, target);
    if (settling.value === 'settled') return found;
    const written = intend(core, target, request, { ...settling.value, observed: await highestGeneration(target) });
    if (!written.ok) return refused(core, { ...request, verb }, written, target);
    await follow(core, target, request, { ...settling.value, routing: written.value });
    return found;
  });
}

function admissible(core: Core, target: Target, { actor, drift }: RoutingRequest): Result<undefined> {
  const facts = gatherFacts(core, target, { actor, version: '' });
  const answer = ask([{ gate: inTeam }, { gate: sameConfiguration }, { gate: noLiveDeployment }], facts);
  if (!answer.ok) return answer;
  const refusedApprover = refuseUnlessApprover(target, actor);
  if (refusedApprover) return refusedApprover;
  if (drift !== undefined && drift !== readDrift(core, target.key)?.id)
    return refuse(
      'stale-card',
      'the load balancer does something else by now than when this button was drawn',
      'See the status; then decide.',
    );
  return answer;
}

/** Asked again in the transaction: a deployment may have been asked for while the nodes were. */
function intend(
  core: Core,
  target: Target,
  request: RoutingRequest,
  { desired, verb, observed }: Settling & { readonly observed: number },
): Result<Routing> {
  return core.store.write((tx): Result<Routing> => {
    const answer = admissible(core, target, request);
    if (!answer.ok) return answer;
    const before = readRouting(tx.db, target.key).intent;
    const routing = intendRouting(tx, target.key, desired, observed);
    rolesFollow(tx, target.key, desired.active);
    tx.audit({
      ...target.key,
      actor: actorName(request.actor),
      action: 'routing-intended',
      sentence: sentenceOf(request, verb, routing),
      detail: { routing, before },
    });
    return ok(routing);
  });
}

const sentenceOf = ({ actor }: RoutingRequest, verb: string, routing: Routing): string =>
  `${shortName(actorName(actor))} ${verb}: ${describeRouting(routing)}`;

/** The end is reported when the balancer was seen to follow, not before. */
async function follow(
  core: Core,
  target: Target,
  request: RoutingRequest,
  { routing, action, verb }: Settling & { readonly routing: Routing },
): Promise<void> {
  const { store } = core;
  try {
    await target.balancer.apply(routing, fenceOfVerb(core), { direction: 'back' });
  } catch (thrown) {
    // The controller of another process may have followed the same intent already, under its own generation.
    if (!hasCode(thrown, 'balancer-stale-generation')) throw thrown;
    if (!sameRouting(readRouting(store.db, target.key).intent, routing)) throw thrown;
    return;
  }
  store.write((tx) => {
    confirmRouting(tx, target.key, routing.generation);
    const drift = readDrift(core, target.key)?.id;
    settleDrift(tx, target.key);
    tx.audit({
      ...target.key,
      actor: actorName(request.actor),
      action,
      sentence: sentenceOf(request, verb, routing),
      detail: { routing, drift },
    });
  });
}
