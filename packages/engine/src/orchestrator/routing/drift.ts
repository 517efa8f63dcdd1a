// Drift: the balancer does something else than was decided here. Reported once, with what differs per node, and again
// when it is over. A person decides what to do about it (verbs/repairing.ts).

import type { ObservedNode, Routing } from '../../domain/routing.ts';
import type { TargetKey } from '../../domain/target.ts';
import type { Db } from '../../state/database.ts';
import { driftKey, getSnapshot, putSnapshot } from '../../state/snapshots.ts';
import type { Tx } from '../../state/store.ts';
import { takeGeneration } from '../../state/targets.ts';
import type { Core, TargetContext } from '../core.ts';

export interface DriftView {
  /** Distinguishes this drift from an earlier or later one: a button acts on the drift it was drawn for. */
  readonly id: string;
  /** Epoch ms. */
  readonly since: number;
  /** Nothing is deployed, stopped or started while it lasts; false where a node is silent and the others follow. */
  readonly blocks?: boolean;
  /** `decided is: users go to blue; but 127.0.0.1:8080: users go to green`. */
  readonly sentence: string;
  readonly nodes: readonly {
    readonly node: string;
    readonly differs: boolean;
    /** What the node does, or why that is not known. */
    readonly does: string;
  }[];
}

interface Kept {
  readonly print: string;
  /** Users get something else; not only a node that is silent, or a generation that this state does not know. */
  readonly isRouted?: boolean;
  readonly view: DriftView;
}

/** Pure: what the nodes' own accounts mean, compared with the intent. */
export function compareRouting(
  intent: Routing,
  nodes: readonly ObservedNode[],
): 'same' | 'lost' | 'drifted' | 'unknown' {
  const reachable = nodes.filter(({ reachable }) => reachable);
  if (reachable.length === 0) return 'unknown';
  const follows = ({ routing }: ObservedNode) => routing !== undefined && sameRouting(routing, intent);
  if (reachable.every(follows)) return 'same';
  return reachable.every((node) => node.routing === undefined || isBlank(node.routing) || follows(node))
    ? 'lost'
    : 'drifted';
}

/** A balancer that started again and has received no routing yet. */
const isBlank = ({ generation, active }: Routing): boolean => generation === 0 && active === undefined;

/** What users get, without the generations. */
export function sameRouting(left: Routing, right: Routing): boolean {
  return (
    left.active === right.active &&
    left.preview === right.preview &&
    left.canary?.slot === right.canary?.slot &&
    left.canary?.percent === right.canary?.percent
  );
}

/** `users go to blue, 10 % of them to green`. */
export function describeRouting({ active, canary, preview }: Routing): string {
  if (active === undefined) return 'users go nowhere (503)';
  const share = canary === undefined ? '' : `, ${canary.percent} % of them to ${canary.slot}`;
  const testers = preview === undefined ? '' : `, testers to ${preview}`;
  return `users go to ${active}${share}${testers}`;
}

/** What every node does alike, or why that cannot be said: the engine does not guess between two of them. */
export function commonRouting(nodes: readonly ObservedNode[]): Routing | string {
  const silent = nodes.find(({ routing }) => routing === undefined);
  if (silent || nodes.length === 0) return `what ${silent?.node ?? 'the load balancer'} does is not known`;
  const [first, ...others] = nodes.flatMap(({ routing }) => (routing === undefined ? [] : [routing]));
  if (!first || others.some((other) => !sameRouting(first, other)))
    return `the nodes disagree: ${nodes.map(({ node, routing }) => `${node}: ${routing ? describeRouting(routing) : 'unknown'}`).join('; ')}`;
  const generation = Math.max(...nodes.map(({ routing }) => routing?.generation ?? 0));
  return first.active === undefined ? 'users are sent nowhere' : { ...first, generation };
}

export function readDrift({ store }: Core, key: TargetKey): DriftView | undefined {
  return keptDrift(store.db, key)?.view;
}

function keptDrift(db: Db, key: TargetKey): Kept | undefined {
  const kept = getSnapshot<Kept | 'none'>(db, driftKey(key))?.value;
  return kept === 'none' ? undefined : kept;
}

/** The same person or tool reverted a change of what users get: what was decided holds again. */
export function wasTakenBack(
  { store }: Core,
  key: TargetKey,
  intent: Routing,
  nodes: readonly ObservedNode[],
): boolean {
  return keptDrift(store.db, key)?.isRouted === true && compareRouting(intent, nodes) === 'same';
}

/**
 * A node that does not answer has drifted as well: what its users get is unknown. `older`: why this state may be older
 * than what the balancer does.
 */
export function noteDrift(seen: TargetContext, intent: Routing, nodes: readonly ObservedNode[], older?: string): void {
  const { core, target } = seen;
  const before = keptDrift(core.store.db, target.key);
  const rows = nodes.map((node) => rowOf(node, intent));
  const differing = rows.filter(({ differs }) => differs).map(({ node, does }) => `${node}: ${does}`);
  const print = [...differing, ...(older === undefined ? [] : [older])].join('; ');
  if (print === (before?.print ?? '')) return;
  if (print === '') {
    forget(seen, before?.view);
    return;
  }
  const now = core.clock.now();
  const sentence = `decided is: ${describeRouting(intent)}; but ${print}`;
  const isRouted = compareRouting(intent, nodes) === 'drifted';
  const view: DriftView = {
    id: `${now}`,
    since: now,
    blocks: isRouted || older !== undefined,
    sentence,
    nodes: rows,
  };
  core.store.under(seen.lease).write((tx) => {
    putSnapshot(tx.db, driftKey(target.key), { print, isRouted, view } satisfies Kept, tx.now);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'drift-found',
      code: older === undefined ? 'drifted' : 'state-older',
      sentence: `the load balancer has drifted: ${sentence}. Nothing was changed`,
      detail: { drift: view.id, before: before?.view.id, intent, observed: nodes },
    });
  });
}

function rowOf(node: ObservedNode, intent: Routing): DriftView['nodes'][number] {
  const { reachable, routing, problem } = node;
  // The reason may change with every check (a pid, a time); the news is that it is silent.
  if (!reachable) return { node: node.node, differs: true, does: 'it does not answer' };
  if (routing === undefined)
    return { node: node.node, differs: true, does: `its routing cannot be read${problem ? ` (${problem})` : ''}` };
  return { node: node.node, differs: !sameRouting(routing, intent), does: describeRouting(routing) };
}

/** @param generation of the balancer, which may have grown past the one that this state knows */
export function noteTakenBack(seen: TargetContext, generation: number): void {
  forget(seen, keptDrift(seen.core.store.db, seen.target.key)?.view, generation);
}

function forget({ core, target, lease }: TargetContext, view: DriftView | undefined, generation?: number): void {
  core.store.under(lease).write((tx) => {
    settleDrift(tx, target.key);
    if (generation !== undefined) takeGeneration(tx, target.key, generation);
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'drift-resolved',
      sentence: 'the load balancer does what was decided again',
      detail: { drift: view?.id },
    });
  });
}

export function settleDrift(tx: Tx, key: TargetKey): void {
  putSnapshot(tx.db, driftKey(key), 'none', tx.now);
}
