// Changing what users get: intent first, then the balancer, then the proof. Killed in between, the step repeats it all.

import type { AuditEvent } from '../../domain/audit-events.ts';
import type { Routing } from '../../domain/routing.ts';
import type { SlotName } from '../../domain/target.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import type { ApplyOptions } from '../../load-balancer/load-balancer.ts';
import { liveLease, newestToken, tokenOf } from '../../state/leases.ts';
import type { Tx } from '../../state/store.ts';
import { confirmRouting, intendRouting, readRouting } from '../../state/targets.ts';
import { type Core, controllerLease, routingMutex, type Target, type TargetContext } from '../core.ts';
import { except, type SilentNode, silentNodes } from './silent-nodes.ts';
import { generationOf, judgeStanding, type Standing } from './standing.ts';

export interface RoutingChange {
  readonly desired: Omit<Routing, 'generation'>;
  readonly event: Pick<AuditEvent, 'actor' | 'deploymentId' | 'sentence'>;
  /** `back` for what takes users off the new side: it must not wait for a node that is dead. Default: `forward`. */
  readonly direction?: ApplyOptions['direction'];
  /** Reverts what its own deployment did: continues even if another has changed the routing meanwhile. */
  readonly isUndo?: boolean;
  /** Goes into the transaction of the confirmation: roles that follow from the change. */
  readonly confirmed?: (tx: Tx) => void;
  /** Nothing is done when the intent is of another generation by then: another decision was made meanwhile. */
  readonly onlyFrom?: number;
}

/**
 * Resolves when the balancer was seen to follow, with the nodes that it did not wait for: there are some only on the
 * way back. @throws what the driver throws; the intent then stays unconfirmed.
 */
export function changeRouting(targetContext: TargetContext, change: RoutingChange): Promise<readonly SilentNode[]> {
  return targetContext.core.mutex(routingMutex(targetContext.target), () => changeInTurn(targetContext, change));
}

async function changeInTurn(
  { core, target, lease }: TargetContext,
  change: RoutingChange,
): Promise<readonly SilentNode[]> {
  const store = core.store.under(lease);
  const nodes = await target.balancer.observe();
  requireKnown(judgeStanding(readRouting(core.store.db, target.key), nodes, lease.token), change);
  const observed = generationOf(nodes);
  const routing = store.write((tx) => {
    if (change.onlyFrom !== undefined && readRouting(tx.db, target.key).intent.generation !== change.onlyFrom)
      return undefined;
    const intent = intendRouting(tx, target.key, change.desired, observed);
    tx.audit({
      ...target.key,
      ...change.event,
      action: 'routing-intended',
      detail: { routing: intent, fence: lease.token },
    });
    return intent;
  });
  if (!routing) return [];
  const direction = change.direction ?? 'forward';
  await target.balancer.apply(routing, lease.token, { direction });
  const silent = direction === 'back' ? silentNodes(await target.balancer.observe()) : [];
  store.write((tx) => {
    confirmRouting(tx, target.key, routing.generation);
    change.confirmed?.(tx);
    const sentence = `${change.event.sentence}${except(silent)}`;
    const detail = silent.length === 0 ? { routing } : { routing, silent };
    tx.audit({ ...target.key, ...change.event, action: 'routing-applied', sentence, detail });
  });
  return silent;
}

/** @throws BlueGreenError `state-older`, `drifted`: users are not moved from what is not known */
function requireKnown(standing: Standing, { isUndo = false }: RoutingChange): void {
  if (standing.kind === 'older' || standing.kind === 'outranked')
    throw new BlueGreenError('state-older', `users were not moved: ${standing.sentence}`);
  if (standing.kind === 'drifted' && !isUndo)
    throw new BlueGreenError('drifted', `users were not moved: ${standing.sentence}`);
}

/** After a lost state file the balancer may know a higher generation than we do. */
export async function highestGeneration({ balancer }: Target): Promise<number> {
  return generationOf(await balancer.observe());
}

/** For a change by a verb, which holds no lease: a live controller's own token, which does not fence it out. */
export function fenceOfVerb({ store, clock }: Core): number {
  const held = liveLease(store.db, controllerLease, clock)?.token;
  return held ?? Math.max(newestToken(store.db, controllerLease), tokenOf(clock.now()));
}

/** Already in force: nothing to write, a repeated step finds its work done. */
export function routingIs(
  { core, target }: Omit<TargetContext, 'lease'>,
  desired: Omit<Routing, 'generation'>,
): boolean {
  const { intent, confirmed } = readRouting(core.store.db, target.key);
  return (
    confirmed &&
    intent.active === desired.active &&
    intent.preview === desired.preview &&
    intent.canary?.slot === desired.canary?.slot &&
    intent.canary?.percent === desired.canary?.percent
  );
}

/** Share of users that a slot gets: 0 to 100. */
export function shareOf(routing: Routing, slot: SlotName): number {
  if (routing.canary) return routing.canary.slot === slot ? routing.canary.percent : 100 - routing.canary.percent;
  return routing.active === slot ? 100 : 0;
}
