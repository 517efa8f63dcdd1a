// Reports a balancer that was gone and answers again: it served no users meanwhile.

import type { ObservedNode } from '../../domain/routing.ts';
import { getSnapshot, nodesKey, putSnapshot } from '../../state/snapshots.ts';
import { readRouting } from '../../state/targets.ts';
import { ensureUp, type TargetContext } from '../core.ts';

/** `before` is what its nodes said of themselves. @returns what they say now. */
export async function reconnect(
  targetContext: TargetContext,
  before: readonly ObservedNode[],
): Promise<readonly ObservedNode[]> {
  const { core, target } = targetContext;
  await ensureUp(core, target);
  const gone = before.filter(({ reachable }) => !reachable).map(({ node }) => node);
  if (gone.length === 0) return before;
  const now = await target.balancer.observe();
  noteNodes(targetContext, now);
  noteReturn(
    targetContext,
    now.filter(({ node, reachable }) => reachable && gone.includes(node)),
  );
  return now;
}

/** The time of its start reveals a node that came back by itself between two checks. */
export function noteRestarts(targetContext: TargetContext, now: readonly ObservedNode[]): void {
  const { core, target } = targetContext;
  const before = getSnapshot<readonly ObservedNode[]>(core.store.db, nodesKey(target.key))?.value ?? [];
  const startOf = (name: string) => before.find(({ node }) => node === name)?.startedAt;
  const isNew = ({ node, startedAt }: ObservedNode) =>
    startedAt !== undefined && startOf(node) !== undefined && startedAt !== startOf(node);
  noteNodes(targetContext, now);
  noteReturn(targetContext, now.filter(isNew));
}

/** The last check of the nodes, for views and for the next check. */
function noteNodes({ core, target }: TargetContext, nodes: readonly ObservedNode[]): void {
  core.store.note((db, now) => putSnapshot(db, nodesKey(target.key), nodes, now));
}

/** A managed balancer stores its own routing and answers as before. One that never ran was not gone. */
function noteReturn({ core, target, lease }: TargetContext, back: readonly ObservedNode[]): void {
  if (back.length === 0 || readRouting(core.store.db, target.key).intent.generation === 0) return;
  const names = back.map(({ node }) => node).join(', ');
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'balancer-restarted',
      sentence: `the load balancer at ${names} was gone and answers again`,
      detail: { nodes: back },
    }),
  );
}
