// Stored routing is intent, the balancer's is truth. A balancer that lost its routing gets the intent back. One that
// another person or tool changed is not touched but reported, for a person to decide.

import type { ObservedNode, Routing } from '../../domain/routing.ts';
import type { TargetKey } from '../../domain/target.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readRouting, readSlot, setSlot } from '../../state/targets.ts';
import type { TargetContext } from '../core.ts';
import { discoverTarget } from '../recovery/discover.ts';
import { compareRouting, noteDrift, noteTakenBack, wasTakenBack } from './drift.ts';
import { changeRouting } from './routing.ts';
import { generationOf, judgeStanding, strangeSides } from './standing.ts';

/** `intent` is what was meant before the nodes were asked: a change in between is no drift. */
export async function repairRouting(
  { core, target, lease }: TargetContext,
  intent: Routing,
  nodes: readonly ObservedNode[],
): Promise<void> {
  const now = readRouting(core.store.db, target.key);
  if (intent.generation === 0 && now.intent.generation === 0) {
    const store = core.store.under(lease);
    await discoverTarget({ core, target, store, fence: lease.token, actor: 'engine' }, nodes);
    return;
  }
  if (now.intent.generation !== intent.generation) return;
  const standing = judgeStanding(now, nodes, lease.token);
  if (standing.kind === 'older' || standing.kind === 'outranked') {
    const strange = strangeSides({ core, target });
    if (standing.kind === 'older' && strange.length === 0 && wasTakenBack(core, target.key, intent, nodes))
      return noteTakenBack({ core, target, lease }, generationOf(nodes));
    return noteDrift({ core, target, lease }, intent, nodes, [standing.sentence, ...strange].join('; '));
  }
  if (!now.confirmed) return followUp({ core, target, lease }, intent);
  if (compareRouting(intent, nodes) !== 'lost') return noteDrift({ core, target, lease }, intent, nodes);
  try {
    await putBack({ core, target, lease }, intent, 'the balancer had lost its routing; it was put back');
  } catch (thrown) {
    noteDrift({ core, target, lease }, intent, nodes);
    throw thrown;
  }
}

/** An undo that failed left an intent that the balancer never followed: users get it as soon as the balancer can. */
async function followUp(repair: TargetContext, intent: Routing): Promise<void> {
  if (liveDeployment(repair.core.store.db, repair.target.key)) return; // the deployment proves its own change
  await putBack(repair, intent, 'the balancer follows what was decided while it could not');
}

async function putBack({ core, target, lease }: TargetContext, intent: Routing, sentence: string): Promise<void> {
  const { generation, ...desired } = intent;
  const confirmed = (tx: Tx) => rolesFollow(tx, target.key, desired.active);
  await changeRouting(
    { core, target, lease },
    {
      desired,
      event: { actor: 'engine', sentence },
      onlyFrom: generation,
      confirmed,
    },
  );
}

/** Who is active follows from where users go; the side that was active is left running. */
export function rolesFollow(tx: Tx, key: TargetKey, active: Routing['active']): void {
  for (const slot of ['blue', 'green'] as const)
    if (slot !== active && readSlot(tx.db, key, slot).role === 'active')
      setSlot(tx, key, slot, { role: active === undefined ? 'preview' : 'standby', since: tx.now });
  if (active === undefined) return;
  const side = readSlot(tx.db, key, active);
  if (side.role !== 'active' && side.version !== null)
    setSlot(tx, key, active, { role: 'active', since: tx.now, label: null, keepUntil: null });
}
