// After a lost state file: the balancer shows what users get; the services' own answers and the slots' records show
// what runs. Nothing is moved and nothing is guessed: one doubt about a side that users get, and nothing counts as
// known until a person says what is so.

import { join } from 'node:path';
import type { Discovered } from '../../api/views.ts';
import { driverCannot } from '../../domain/capabilities.ts';
import type { ObservedNode, Routing } from '../../domain/routing.ts';
import type { SlotName, TargetKey } from '../../domain/target.ts';
import { digestFolder } from '../../lib/digest.ts';
import { messageOf } from '../../lib/errors.ts';
import type { Store, Tx } from '../../state/store.ts';
import {
  addRelease,
  confirmRouting,
  idleSlot,
  intendRouting,
  readRelease,
  readRouting,
  setSlot,
} from '../../state/targets.ts';
import { type Core, placeOf, placeToAdopt, routingMutex, type Target } from '../core.ts';
import { knownVersions } from '../gates/facts.ts';
import { commonRouting, describeRouting } from '../routing/drift.ts';
import { probeFound } from '../side-checks.ts';
import { putUnknownState, readUnknownState } from './unknown-state.ts';

export interface Discovery {
  readonly core: Core;
  readonly target: Target;
  /** Under the lease, for the controller. */
  readonly store: Store;
  readonly fence: number;
  readonly actor: string;
}

interface Side {
  readonly slot: SlotName;
  readonly version: string;
  readonly digest: string;
  readonly folder: string;
  /** What runs there is known to the environment already. */
  readonly recorded: boolean;
}

interface Uncertainty {
  readonly slot: SlotName;
  readonly why: string;
}

/** Does something only for a target of which this state knows nothing while its balancer sends users somewhere. */
export function discoverTarget(discovery: Discovery, nodes: readonly ObservedNode[]): Promise<Discovered> {
  const { core, target } = discovery;
  return core.mutex(routingMutex(target), async () => {
    if (readRouting(core.store.db, target.key).intent.generation > 0)
      return { name: target.name, kind: 'nothing', sentence: 'its state is known' };
    if (!nodes.some(({ routing }) => routing?.active !== undefined)) return nothingThere(discovery, nodes);
    const routing = commonRouting(nodes);
    if (typeof routing === 'string') return leaveUnknown(discovery, routing);
    const sides = await identifyBoth(discovery, routing);
    return typeof sides === 'string' ? leaveUnknown(discovery, sides) : remember(discovery, routing, sides);
  });
}

/**
 * For a state that is older than reality, requested by a person, within the routing's turn: as for a lost one, except
 * that what is there overrides what this state says of a side. @returns why it cannot be discovered, with nothing
 * changed
 */
export async function discoverAgain(discovery: Discovery, routing: Routing): Promise<Discovered | string> {
  const sides = await identifyBoth(discovery, routing);
  if (typeof sides === 'string') return sides;
  const { target, store, actor } = discovery;
  const doubts = sides.filter((side): side is Uncertainty => 'why' in side);
  const stopped = await Promise.all(
    doubts.map(async ({ slot }) => (await target.environment.inspect(placeOf(target, slot))).kind === 'stopped'),
  );
  store.write((tx) => {
    doubts.forEach(({ slot }, at) => {
      // What runs and cannot be identified stays as it is: it is never stopped or gone back to unasked.
      const row = stopped[at] ? idleSlot : ({ role: 'preview', label: 'kept', keepUntil: null } as const);
      setSlot(tx, target.key, slot, { ...row, since: tx.now });
    });
    tx.audit({
      ...target.key,
      actor,
      action: 'state-relearn-asked',
      sentence: `asks to learn what runs on ${target.name}: this state is older than that`,
    });
  });
  return remember(discovery, routing, sides);
}

/** Both sides, or why a side that users get is in doubt. */
async function identifyBoth(discovery: Discovery, routing: Routing): Promise<readonly (Side | Uncertainty)[] | string> {
  const sides = await Promise.all((['blue', 'green'] as const).map((slot) => identify(discovery, slot)));
  const needed = [routing.active, routing.canary?.slot];
  const uncertainty = sides.find((side): side is Uncertainty => 'why' in side && needed.includes(side.slot));
  return uncertainty ? `users get ${uncertainty.slot}, and ${uncertainty.why}` : sides;
}

function nothingThere({ core, target }: Discovery, nodes: readonly ObservedNode[]): Discovered {
  clearUnknownState(core, target);
  const silent = nodes.find(({ reachable }) => !reachable);
  const sentence = silent ? `${silent.node} does not answer` : 'the load balancer sends users nowhere';
  return { name: target.name, kind: 'nothing', sentence };
}

/** Two witnesses at most, who must not contradict each other: the service itself, and the record of its start. */
async function identify({ core, target }: Discovery, slot: SlotName): Promise<Side | Uncertainty> {
  const { releasesFolder } = target.settings;
  const place = await placeToAdopt(target, slot);
  const reports = await probeFound(target, { place, version: undefined });
  // One instance that answers well says what runs there; those that do not are restarted afterwards.
  const report = reports.find(({ healthy }) => healthy);
  if (!report) return { slot, why: `it does not answer as a healthy ${slot}: ${reports[0].problem}` };
  const other = reports.find(({ healthy, version }) => healthy && version !== report.version);
  if (other) return { slot, why: `one of its instances says it is ${report.version}, another ${other.version}` };
  const seen = await target.environment.inspect(place);
  const started = seen.kind === 'running' ? seen : undefined;
  const version = report.version ?? started?.version;
  if (version === undefined) return { slot, why: 'it does not say which version it is' };
  if (started?.version !== undefined && started.version !== version)
    return { slot, why: `it says it is ${version}, but was started as ${started.version}` };
  // The name comes from outside: only one of the existing folders is accepted as a path.
  if (!knownVersions(target).includes(version))
    return { slot, why: `it says it is ${version}, which is not in the releases folder` };
  const folder = join(releasesFolder, version);
  const digest = await digestFolder(folder).catch((thrown: unknown) => ({ problem: messageOf(thrown) }));
  if (typeof digest !== 'string') return { slot, why: digest.problem };
  const others = [started?.digest, readRelease(core.store.db, target.key.service, version)?.digest];
  if (others.some((other) => other !== undefined && other !== digest))
    return { slot, why: `the files of ${version} are not the ones that it was started from` };
  if (started === undefined && !target.environment.adoption)
    return { slot, why: driverCannot(target.settings.driver, 'adoption') };
  return { slot, version, digest, folder, recorded: started !== undefined };
}

async function remember(
  discovery: Discovery,
  routing: Routing,
  sides: readonly (Side | Uncertainty)[],
): Promise<Discovered> {
  const { core, target, store, actor, fence } = discovery;
  const known = sides.filter((side): side is Side => !('why' in side));
  for (const side of known)
    if (!side.recorded) await target.environment.adoption?.adopt(placeOf(target, side.slot), side);
  const { generation: observed, ...desired } = routing;
  const before = readRouting(core.store.db, target.key).intent.generation === 0 ? 'lost' : 'older than reality';
  const sentence = `the state was ${before}; learnt from the load balancer and the services: ${describeRouting(routing)}; ${sides.map((side) => describeSide(side, routing)).join('; ')}. Nothing was changed`;
  const intent = store.write((tx) => {
    // The side that serves comes last: until then an older state has its active side in the other slot.
    for (const side of known) if (side.slot !== routing.active) takeSide(tx, target.key, side, routing);
    for (const side of known) if (side.slot === routing.active) takeSide(tx, target.key, side, routing);
    const next = intendRouting(tx, target.key, desired, observed);
    const detail = { observed: routing, intent: next, sides };
    tx.audit({ ...target.key, actor, action: 'state-learnt', sentence, detail });
    return next;
  });
  clearUnknownState(core, target);
  // The same routing under a generation of this state: no user is moved, and an earlier process's late write is refused.
  await target.balancer.apply(intent, fence);
  store.write((tx) => {
    confirmRouting(tx, target.key, intent.generation);
    const said = `${describeRouting(intent)}, as before, from now on under generation ${intent.generation}`;
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'routing-applied',
      sentence: said,
      detail: { routing: intent },
    });
  });
  return { name: target.name, kind: 'learnt', sentence };
}

function takeSide(tx: Tx, key: TargetKey, { slot, version, digest, folder }: Side, routing: Routing): void {
  addRelease(tx, { service: key.service, version, digest, folder, registeredAt: tx.now });
  const serves = routing.active === slot;
  const role = serves ? 'active' : routing.canary?.slot === slot || routing.preview === slot ? 'preview' : 'standby';
  // The lost state knew whether it was good: `kept` is never gone back to unasked, and never stopped unasked.
  setSlot(tx, key, slot, { ...idleSlot, role, version, digest, since: tx.now, label: serves ? null : 'kept' });
}

function describeSide(side: Side | Uncertainty, { active, canary }: Routing): string {
  if ('why' in side) return `${side.slot} is taken for empty: ${side.why}`;
  if (side.slot === active) return `${side.slot} is ${side.version}`;
  if (side.slot === canary?.slot)
    return `${side.slot} is ${side.version}, whose deployment is lost: deploy it again, or adopt or restore by hand`;
  return `${side.slot} is ${side.version}, kept; whether it was good is not known`;
}

/** Said once per reason. */
function leaveUnknown({ core, target, store, actor }: Discovery, why: string): Discovered {
  const sentence = `the state was lost and could not be learnt: ${why}. Nothing was changed, and nothing is deployed here until a person says what is live`;
  if (readUnknownState(core, target.key) !== why)
    store.write((tx) => {
      putUnknownState(tx, target.key, why);
      tx.audit({ ...target.key, actor, action: 'state-not-learnt', code: 'state-unknown', sentence });
    });
  return { name: target.name, kind: 'unknown', sentence };
}

function clearUnknownState({ store }: Core, { key }: Target): void {
  if (readUnknownState({ store }, key) !== undefined) store.note((db, now) => putUnknownState({ db, now }, key, ''));
}
