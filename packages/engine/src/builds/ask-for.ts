// A build becomes the deployment that a rule asks for, in the name of the hook that it came by.

import { actorName } from '../domain/actor.ts';
import type { StoredBuild } from '../domain/build.ts';
import type { Target } from '../orchestrator/core.ts';
import type { GateFacts } from '../orchestrator/gates/gates.ts';
import { createDeployment, slotFor } from '../orchestrator/verbs/deploy.ts';
import type { Tx } from '../state/store.ts';
import { hookActor } from './react.ts';
import { reasonOf } from './tell.ts';

/** `id`: what the deployment is called already where it was told of. */
export function askFor(
  tx: Tx,
  target: Target,
  { build, facts, id }: { readonly build: StoredBuild; readonly facts: GateFacts; readonly id?: string },
): void {
  createDeployment(tx, target, {
    ...(id === undefined ? {} : { id }),
    mode: 'deploy',
    version: build.version,
    slot: slotFor(facts),
    from: facts.active,
    hold: false,
    reason: reasonOf(build),
    requestedBy: actorName(hookActor(build)),
  });
}
