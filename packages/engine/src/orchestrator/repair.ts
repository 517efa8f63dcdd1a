// Stored routing is intent, the balancer's is truth. A balancer that lost its routing gets the intent back; one that was
// changed by somebody else is left alone and reported, for a person to decide.

import type { ObservedNode, Routing } from '../load-balancer/load-balancer.ts';
import { liveDeployment } from '../state/deployments.ts';
import type { Lease } from '../state/leases.ts';
import { getSnapshot, putSnapshot } from '../state/snapshots.ts';
import type { Tx } from '../state/store.ts';
import { readRouting, readSlot, setSlot } from '../state/targets.ts';
import type { Core, Target } from './core.ts';
import { changeRouting } from './routing.ts';

interface Repair {
  readonly core: Core;
  readonly target: Target;
  readonly lease: Lease;
}

/** Pure: what the nodes' own accounts mean beside the intent. */
export function compareRouting(
  intent: Routing,
  nodes: readonly ObservedNode[],
): 'same' | 'lost' | 'drifted' | 'unknown' {
  const reachable = nodes.filter(({ reachable }) => reachable);
  if (reachable.length === 0) return 'unknown';
  if (reachable.every(({ routing }) => routing !== undefined && sameRouting(routing, intent))) return 'same';
  const lost = reachable.every(
    ({ routing }) =>
      routing === undefined ||
      (routing.generation === 0 && routing.active === undefined) ||
      sameRouting(routing, intent),
  );
  return lost ? 'lost' : 'drifted';
}

/** `intent` is what was meant before the nodes were asked: a change in between is no drift. */
export async function repairRouting(
  { core, target, lease }: Repair,
  intent: Routing,
  nodes: readonly ObservedNode[],
): Promise<void> {
  const now = readRouting(core.store.db, target.key);
  if (intent.generation === 0 || now.intent.generation !== intent.generation) return;
  if (!now.confirmed) return followUp({ core, target, lease }, intent);
  const found = compareRouting(intent, nodes);
  if (found === 'lost')
    await putBack({ core, target, lease }, intent, 'the balancer had lost its routing; it was put back');
  if (found !== 'unknown') noteDrift({ core, target, lease }, found, { intent, nodes });
}

/** An undo that failed left an intent that the balancer never followed: users get what was decided as soon as it can. */
async function followUp(repair: Repair, intent: Routing): Promise<void> {
  if (liveDeployment(repair.core.store.db, repair.target.key)) return; // the deployment proves its own change
  await putBack(repair, intent, 'the balancer follows what was decided while it could not');
}

async function putBack({ core, target, lease }: Repair, intent: Routing, sentence: string): Promise<void> {
  const { generation, ...wish } = intent;
  const confirmed = (tx: Tx) => rolesFollow(tx, target, wish.active);
  await changeRouting(core, target, lease, {
    wish,
    event: { actor: 'engine', sentence },
    onlyFrom: generation,
    confirmed,
  });
}

function rolesFollow(tx: Tx, { key }: Target, active: Routing['active']): void {
  for (const slot of ['blue', 'green'] as const)
    if (slot !== active && readSlot(tx.db, key, slot).role === 'active')
      setSlot(tx, key, slot, { role: active === undefined ? 'preview' : 'standby', since: tx.now });
  if (active === undefined) return;
  const side = readSlot(tx.db, key, active);
  if (side.role !== 'active' && side.version !== null)
    setSlot(tx, key, active, { role: 'active', since: tx.now, label: null, keepUntil: null });
}

function noteDrift(
  { core, target, lease }: Repair,
  found: 'same' | 'lost' | 'drifted',
  { intent, nodes }: { readonly intent: Routing; readonly nodes: readonly ObservedNode[] },
): void {
  const key = `drift:${target.key.service}/${target.key.target}`;
  if (found === (getSnapshot<string>(core.store.db, key)?.value ?? 'same')) return;
  core.store.note((db, now) => putSnapshot(db, key, found, now));
  if (found !== 'drifted') return;
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'drift-found',
      code: 'drifted',
      sentence: 'the load balancer does something else than was decided here; nothing was changed',
      detail: { intent, observed: nodes.map(({ node, routing }) => ({ node, routing })) },
    }),
  );
}

function sameRouting(left: Routing, right: Routing): boolean {
  return (
    left.active === right.active &&
    left.preview === right.preview &&
    left.canary?.slot === right.canary?.slot &&
    left.canary?.percent === right.canary?.percent
  );
}
