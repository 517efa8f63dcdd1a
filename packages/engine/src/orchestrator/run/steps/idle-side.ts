// A side without users on which the very release stands that is to get them: whether it is fit, and its end where not.

import { readSlot } from '../../../state/targets.ts';
import { smokeProblem } from '../../controller/smoke/side-smoke.ts';
import { placeOf } from '../../core.ts';
import { problemOfSide } from '../await-healthy.ts';
import type { StepFrame } from '../step.ts';

/** It serves no users, a hung process does not react to SIGTERM, and users of a bad side may wait. */
const graceMs = 2_000;

/** Why what runs in the slot of the deployment is not fit for users; undefined when it is. */
export async function problemOfIdleSide(context: StepFrame): Promise<string | undefined> {
  const { core, target, deployment, release } = context;
  const { slot } = deployment;
  return (
    smokeProblem(core, target, readSlot(core.store.db, target.key, slot)) ??
    (await problemOfSide({ ...context, slot, version: release.version }))
  );
}

export async function stopIdleSide({ target, deployment }: StepFrame): Promise<void> {
  await target.environment.stop(placeOf(target, deployment.slot), Math.min(graceMs, target.settings.graceMs));
}
