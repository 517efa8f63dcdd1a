// Nodes of the load balancer that do not answer. The way back does not wait for them: they are left out of the proof,
// named in every message that says it is done, and tried again by the driver of the balancer.

import type { ObservedNode } from '../../domain/routing.ts';
import type { ApplyOptions } from '../../load-balancer/load-balancer.ts';
import type { DeploymentRow } from '../../state/deployments.ts';

export interface SilentNode {
  readonly node: string;
  readonly problem: string;
}

/** A rollback takes users off a release as an abort does: it must not wait for a node that is dead. */
export const directionOf = ({ mode }: Pick<DeploymentRow, 'mode'>): ApplyOptions['direction'] =>
  mode === 'rollback' ? 'back' : 'forward';

export const silentNodes = (observed: readonly ObservedNode[]): readonly SilentNode[] =>
  observed.flatMap(({ node, reachable, problem }) =>
    reachable ? [] : [{ node, problem: problem ?? 'it does not answer' }],
  );

/** Pure: which of a balancer's addresses prove something. Where none answers, all are asked, and nothing is proved. */
export function askedNodes(
  entrypoints: readonly string[],
  observed: readonly ObservedNode[],
): { readonly asked: readonly string[]; readonly leftOut: readonly SilentNode[] } {
  const leftOut = silentNodes(observed);
  const asked = entrypoints.filter((_, at) => observed[at]?.reachable !== false);
  return asked.length === 0 ? { asked: entrypoints, leftOut: [] } : { asked, leftOut };
}

/** What is added to a sentence about a change: empty when every node followed. */
export const except = (silent: readonly SilentNode[]): string =>
  silent.length === 0
    ? ''
    : `; without ${silent.map(({ node, problem }) => `${node} (${problem})`).join(', ')}: tried again until it answers`;
