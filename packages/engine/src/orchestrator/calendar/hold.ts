// A freeze that begins during a deployment holds it before the next step that moves users: the share that they have stays, and
// the new side is watched meanwhile.

import { readDeployment } from '../../state/deployments.ts';
import { readRouting } from '../../state/targets.ts';
import { shareOf } from '../routing/routing.ts';
import { done, type StepFrame, type StepResult } from '../run/step.ts';
import { keepWatch } from '../run/steps/watching.ts';
import { frozenFor } from './frozen.ts';
import type { Frozen } from './policy.ts';

/** Undefined when the step may begin. */
export async function heldByFreeze(context: StepFrame): Promise<StepResult | undefined> {
  const { core, target } = context;
  const frozen = stillFrozen(context);
  if (!frozen) return undefined;
  recordHold(context, frozen);
  const share = shareOf(readRouting(core.store.db, target.key).intent, context.deployment.slot);
  const result = await keepWatch(context, {
    judged: share > 0,
    sinceMs: context.sharedSince,
    decide: ({ paused }) => (paused || stillFrozen(context) ? undefined : done('the freeze holds it no longer')),
  });
  if (result.kind !== 'done') return result;
  core.store.under(context.lease).write((tx) => {
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'freeze-passed',
      deploymentId: context.deployment.id,
      sentence: `${context.deployment.version} goes on: ${result.sentence}`,
    });
  });
  return undefined;
}

function stillFrozen({ core, target, deployment }: StepFrame): Frozen | undefined {
  const row = readDeployment(core.store.db, deployment.id);
  return row && frozenFor(core, target, row);
}

function recordHold({ core, lease, target, deployment }: StepFrame, { names, until, sentence }: Frozen): void {
  core.store.under(lease).write((tx) =>
    tx.audit({
      ...target.key,
      actor: 'engine',
      action: 'freeze-holds',
      deploymentId: deployment.id,
      sentence: `holds ${deployment.version} before it moves more users: ${sentence}`,
      detail: { freezes: names, until: until ?? null },
    }),
  );
}
