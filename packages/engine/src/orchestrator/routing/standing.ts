// Asked before anything is stopped, started, claimed or routed: does this state know what the load balancer does, and
// which sides does it send users to? What is not known, and what users may get, is not touched.

import type { ObservedNode, Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { readRouting, readSlot, type StoredRouting } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { compareRouting, describeRouting } from './drift.ts';

export type Standing =
  | { readonly kind: 'known'; readonly served: ReadonlySet<SlotName> }
  /** `older`: the load balancer is ahead of this state. `outranked`: a controller on another state was there since. */
  | { readonly kind: 'silent' | 'drifted' | 'older' | 'outranked'; readonly sentence: string };

export const waysOut =
  '`bg routing restore` puts back what was decided, `bg routing adopt` decides for what the load balancer does now';

interface Asked {
  readonly core: Core;
  readonly target: Target;
  /** The fencing token that this process acts under, where it has one. */
  readonly token?: number | undefined;
}

/** The balancer is asked now: an earlier check proves nothing. */
export async function standingOf({ core, target, token }: Asked): Promise<Standing> {
  const before = readRouting(core.store.db, target.key);
  const nodes = await target.balancer.observe();
  const now = readRouting(core.store.db, target.key);
  // Another process decided meanwhile, and the nodes may show either: they are asked once more.
  if (now.intent.generation === before.intent.generation) return judgeStanding(now, nodes, token);
  return judgeStanding(now, await target.balancer.observe(), token);
}

/** Pure. */
export function judgeStanding(
  { intent, confirmed }: StoredRouting,
  nodes: readonly ObservedNode[],
  token?: number,
): Standing {
  const fence = Math.max(0, ...nodes.map((node) => node.fence ?? 0));
  if (token !== undefined && fence > token)
    return {
      kind: 'outranked',
      sentence: `the load balancer follows a driver with a later lease (${fence}) than this one (${token}): another state is driven for it`,
    };
  const reachable = nodes.filter((node) => node.reachable);
  const served = servedBy(reachable);
  const generation = generationOf(reachable);
  if (generation > intent.generation) return { kind: 'older', sentence: olderSentence(generation, intent) };
  if (intent.generation === 0) return { kind: 'known', served };
  if (reachable.length === 0)
    return { kind: 'silent', sentence: 'the load balancer does not answer: what users get is not known' };
  if (confirmed && compareRouting(intent, nodes) === 'drifted')
    return {
      kind: 'drifted',
      sentence: `decided is: ${describeRouting(intent)}; but the load balancer does something else`,
    };
  for (const slot of slotsIn(intent)) served.add(slot);
  return { kind: 'known', served };
}

export const generationOf = (nodes: readonly ObservedNode[]): number =>
  Math.max(0, ...nodes.map(({ routing }) => routing?.generation ?? 0));

export const olderSentence = (generation: number, intent: Routing): string =>
  `the load balancer is at generation ${generation}, above ${intent.generation}, the last that this state knows: it was changed past the engine, or this state is older than reality (a copy of it was put back)`;

function servedBy(nodes: readonly ObservedNode[]): Set<SlotName> {
  return new Set(nodes.flatMap(({ routing }) => (routing === undefined ? [] : slotsIn(routing))));
}

function slotsIn({ active, canary }: Routing): readonly SlotName[] {
  return [active, canary?.slot].filter((slot): slot is SlotName => slot !== undefined);
}

/** Why the slot is not touched; undefined when it may be. */
export function holdsBack(standing: Standing, slot: SlotName): string | undefined {
  if (standing.kind !== 'known') return standing.sentence;
  return standing.served.has(slot) ? `the load balancer sends users to ${slot}` : undefined;
}

/**
 * A side whose process has ended serves no user, and is started again as what it was. While the routing is not known,
 * only what provably ran there is: an older state may name another release.
 */
export function mayRestart(standing: Standing, { core, target }: Asked, slot: SlotName): boolean {
  if (standing.kind === 'known' || standing.kind === 'silent') return true;
  const row = readSlot(core.store.db, target.key, slot);
  const started = target.environment.startedAs({ ...target.key, slot });
  return standing.kind === 'drifted' && started?.version === row.version && started?.digest === row.digest;
}

/** The slots of which this state says another release than was started there last. */
export function strangeSides({ core, target }: Asked): readonly string[] {
  return (['blue', 'green'] as const).flatMap((slot) => {
    const { role, version } = readSlot(core.store.db, target.key, slot);
    const started = target.environment.startedAs({ ...target.key, slot });
    if (!started || (role !== 'idle' && started.version === version)) return [];
    // A release that ended by itself in a slot that was given up since is no sign of anything.
    if (role === 'idle' && !runsIn(target, slot)) return [];
    return [`${slot} runs ${started.version}, this state says ${version ?? 'nothing'}`];
  });
}

const runsIn = (target: Target, slot: SlotName): boolean =>
  target.environment
    .running()
    .some((each) => each.slot === slot && each.service === target.key.service && each.target === target.key.target);
