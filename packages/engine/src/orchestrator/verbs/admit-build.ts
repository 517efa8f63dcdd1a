// A deployment that a rule about builds asks for: it passes the gates that a person's request passes.

import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import type { TargetKey } from '../../domain/target.ts';
import type { Tx } from '../../state/store.ts';
import { waitingOf } from '../../state/waiting.ts';
import { type Core, requireTarget } from '../core.ts';
import { activeSide, gatherFacts } from '../gates/facts.ts';
import { ask, gatesOfDeploy } from '../gates/gates.ts';
import { createDeployment, newDeploymentId, slotFor } from './deploy.ts';

interface Admitted {
  readonly id: string;
  create(tx: Tx, reason: string): void;
}

/** Changes nothing before `create`, which runs in the transaction of the caller. */
export function admitBuild(
  core: Core,
  key: TargetKey,
  { actor, version }: { readonly actor: Actor; readonly version: string },
): Result<Admitted> {
  const target = requireTarget(core, key);
  const facts = gatherFacts(core, target, { actor, version });
  const answer = ask(gatesOfDeploy, facts);
  if (!answer.ok) return answer;
  const [first] = waitingOf(core.store.db, key).filter(({ status }) => status === 'queued');
  if (first)
    return refuse(
      'target-busy',
      `${first.version}, which ${shortName(first.requestedBy)} asked for, waits for ${target.name}: it goes first`,
    );
  const id = newDeploymentId();
  return ok({
    id,
    create(tx, reason) {
      createDeployment(tx, target, {
        id,
        mode: 'deploy',
        version,
        slot: slotFor(facts),
        from: facts.active,
        hold: false,
        reason,
        requestedBy: actorName(actor),
      });
    },
  });
}

/** The version that serves users there; undefined before the first deployment. */
export const activeVersion = (core: Core, key: TargetKey): string | undefined =>
  activeSide(core, requireTarget(core, key))?.version;
