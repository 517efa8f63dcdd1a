// `continue`: a person lets a deployment go on that a freeze holds.

import type { DeploymentRef } from '../../api/engine.ts';
import type { Actor } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { advanceDeployment, type DeploymentRow } from '../../state/deployments.ts';
import { frozenFor, recordOverride } from '../calendar/frozen.ts';
import { mayOverride } from '../calendar/policy.ts';
import type { Core } from '../core.ts';
import { refuseUnlessApprover } from './approver.ts';
import { decide } from './decide.ts';

export function continueFrozen(core: Core, ref: DeploymentRef, actor: Actor, reason: string): Result<DeploymentRow> {
  return decide(core, { verb: 'continue', ref, actor }, ({ tx, target, row }) => {
    const frozen = frozenFor(core, target, row);
    if (!frozen)
      return refuse('not-allowed-now', `no freeze holds ${row.version}`, 'See status for what it waits for.');
    const notApprover = refuseUnlessApprover(target, actor)?.refusal;
    const answer = mayOverride({ frozen, name: target.name, actor, notApprover, reason });
    if (!answer.ok) return answer;
    recordOverride(tx, target, { deploymentId: row.id, frozen, actor, reason });
    advanceDeployment(tx, row.id, {});
    return undefined;
  });
}
