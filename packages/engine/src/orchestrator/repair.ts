// Stored routing is intent, the balancer's is truth. A balancer that lost its routing gets the intent back; one that was
// changed by somebody else is left alone and reported, for a person to decide.

import type { ObservedNode, Routing } from '../load-balancer/load-balancer.ts';
import type { Lease } from '../state/leases.ts';
import { getSnapshot, putSnapshot } from '../state/snapshots.ts';
import { readRouting } from '../state/targets.ts';
import type { Core, Target } from './core.ts';
import { changeRouting } from './routing.ts';

/** Pure: what the nodes' own accounts mean beside the intent. */
export function compareRouting(intent: Routing, nodes: readonly ObservedNode[]): 'same' | 'lost' | 'drifted' | 'unknown' {
  const reachable = nodes.filter(({ reachable }) => reachable);
  if (reachable.length === 0) return 'unknown';
  if (reachable.every(({ routing }) => routing !== undefined && sameRouting(routing, intent))) return 'same';
  const lost = reachable.every(({ routing }) => routing === undefined || (routing.generation === 0 && routing.active === undefined) || sameRouting(routing, intent));
  return lost ? 'lost' : 'drifted';
}

export async function repairRouting(core: Core, target: Target, lease: Lease, nodes: readonly ObservedNode[]): Promise<void> {
  const { intent } = readRouting(core.store.db, target.key);
  if (intent.generation === 0) return;
  const found = compareRouting(intent, nodes);
  const key = `drift:${target.key.service}/${target.key.target}`;
  const known = getSnapshot<string>(core.store.db, key)?.value ?? 'same';
  if (found === 'lost') {
    const { generation: _, ...wish } = intent;
    await changeRouting(core, target, lease, { wish, event: { actor: 'engine', sentence: 'the balancer had lost its routing; it was put back' } });
  }
  if (found === known || found === 'unknown') return;
  core.store.note((db, now) => putSnapshot(db, key, found, now));
  if (found === 'drifted')
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
  return left.active === right.active && left.preview === right.preview && left.canary?.slot === right.canary?.slot && left.canary?.percent === right.canary?.percent;
}
