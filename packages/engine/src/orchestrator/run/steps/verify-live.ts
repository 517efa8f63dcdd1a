// No one is notified of "live" before this: probes through every node, then the smoke tests again, the way users come.

import type { Receipt } from '../../../api/deployment.ts';
import { runSmokeTests } from '../../../environment/smoke.ts';
import { putSnapshot, receiptKey } from '../../../state/snapshots.ts';
import { runSettingsOf } from '../../plan/release-settings.ts';
import { directionOf, except } from '../../routing/silent-nodes.ts';
import { done, failed, type Named, noActions, type Step, type StepFrame, type StepResult } from '../step.ts';
import { problemOf, proveThrough } from './receipt.ts';
import { crashOfSide } from './watching.ts';

export const verifyLive: Step<Named<'verify-live'>> = {
  name: 'verify-live',
  title: () => 'verify that it is live',
  moves: 'none',
  waitsFor: 'nothing',
  isStartingSide: false,
  actions: noActions,
  promote: 'nothing',
  limitMs: 180_000,
  run: async (context) => {
    const { core, target, deployment, signal } = context;
    const crash = await crashOfSide(context);
    if (crash) return crash;
    const expected = { slot: deployment.slot, version: deployment.version };
    const receipt = await proveThrough({
      core,
      target,
      expected,
      probes: target.settings.balancer.receiptProbes,
      direction: directionOf(deployment),
      signal,
    });
    core.store.note((db, now) => putSnapshot(db, receiptKey(deployment.id), receipt, now));
    if (!receipt.proved) return failed('not-proved', problemOf(receipt));
    // Going back must not be refused for a test that the earlier release may not know.
    return deployment.mode === 'rollback' ? done(sentenceOf(receipt)) : smokeThroughBalancer(context, receipt);
  },
  undo: 'nothing-to-undo',
};

async function smokeThroughBalancer(
  { core, target, release, signal }: StepFrame,
  receipt: Receipt,
): Promise<StepResult> {
  for (const node of target.balancer.entrypoints) {
    const report = await runSmokeTests({
      baseUrl: node,
      tests: runSettingsOf(target, release).smokeTests,
      totalMs: target.settings.smokeTotalMs,
      headers: target.balancer.probeHeaders,
      clock: core.clock,
      signal,
    });
    const first = report.results.find(({ passed }) => !passed);
    if (first) return failed('smoke-test-failed', `smoke test "${first.name}" through the balancer: ${first.problem}`);
  }
  return done(`${sentenceOf(receipt)}; smoke tests passed through the balancer`);
}

function sentenceOf({ nodes, leftOut = [], instances = [], ms, expected, proof }: Receipt): string {
  const probes = nodes.reduce((sum, node) => sum + node.seen, 0);
  const good = instances.filter(({ healthy }) => healthy).length;
  const each =
    instances.length === 0 ? '' : `, and ${good} of ${instances.length} instances by themselves${through(nodes)}`;
  return `${probes} probes through ${nodes.length} node${nodes.length === 1 ? '' : 's'} saw ${expected.version} in ${ms} ms${each}${proof === 'status-code' ? ' (by status code only)' : ''}${except(leftOut)}`;
}

/** How many instances every node reaches. */
function through(nodes: Receipt['nodes']): string {
  const [first, ...others] = nodes.map(({ instances = [] }) =>
    instances.flatMap(({ instance, healthy }) => (healthy ? [instance] : [])),
  );
  if (!nodes[0]?.instances || !first) return '';
  const reached = first.filter((instance) => others.every((other) => other.includes(instance)));
  return `, ${reached.length} through the load balancer`;
}
