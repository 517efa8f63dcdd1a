// A side that only the balancer cannot reach must never be given a user: the preview route is opened and used first.

import { readRouting } from '../../../state/targets.ts';
import { changeRouting, routingIs } from '../../routing/routing.ts';
import { directionOf, except, type SilentNode } from '../../routing/silent-nodes.ts';
import { done, failed, type Named, noActions, type Step, type StepFrame } from '../step.ts';
import { problemOf, proveThrough } from './receipt.ts';

export const provePreview: Step<Named<'prove-preview'>> = {
  name: 'prove-preview',
  title: () => 'prove it through the load balancer',
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 120_000,
  run: async (context) => {
    const { core, target, deployment } = context;
    await setPreview(context, deployment.slot);
    const receipt = await proveThrough({
      core,
      target,
      expected: { slot: deployment.slot, version: deployment.version },
      headers: { [target.preview.header]: target.preview.token },
      probes: 3,
      direction: directionOf(deployment),
      signal: context.signal,
    });
    const problem = receipt.nodes.find((node) => node.seen < node.probes);
    if (problem)
      return failed(
        'preview-not-proved',
        `the balancer does not reach ${deployment.version} at ${problem.node}: ${problem.problem}`,
      );
    if (!receipt.proved) return failed('preview-not-proved', problemOf(receipt));
    return done(
      `reached through the preview route of ${receipt.nodes.length} balancer node${receipt.nodes.length === 1 ? '' : 's'}${except(receipt.leftOut ?? [])}`,
    );
  },
  undo: async (context) => {
    return done(`the preview route is closed${except(await setPreview(context, undefined))}`);
  },
};

async function setPreview(context: StepFrame, preview: 'blue' | 'green' | undefined): Promise<readonly SilentNode[]> {
  const { core, target, deployment, lease } = context;
  const { active, canary } = readRouting(core.store.db, target.key).intent;
  const desired = { active, canary, preview };
  if (routingIs({ core, target }, desired)) return [];
  return changeRouting(
    { core, target, lease },
    {
      desired,
      direction: preview ? directionOf(deployment) : 'back',
      isUndo: preview === undefined,
      event: {
        actor: 'engine',
        deploymentId: deployment.id,
        sentence: preview ? `opens the preview route to ${preview}` : 'closes the preview route',
      },
    },
  );
}
