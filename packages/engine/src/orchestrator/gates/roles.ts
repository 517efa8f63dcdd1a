// What a person may do on a target: deployers bring releases to users, operators keep what runs in order. Approvers may
// operate too, so that a person who decides about a release can also take it back.

import { approverRule } from '../../config/people/people.ts';
import type { TargetSettings } from '../../config/settings.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';

export interface RoleFacts {
  readonly actor: Actor;
  /** Of the target. */
  readonly name: string;
  readonly rules: Pick<TargetSettings, 'roles' | 'approval'>;
}

const pass: Result<undefined> = { ok: true, value: undefined };

export function mayDeploy({ actor, name, rules: { roles } }: RoleFacts): Result<undefined> {
  const { deployers } = roles ?? {};
  if (actor.kind !== 'person' || deployers === undefined || deployers.includes(actor.id)) return pass;
  return refuse(
    'role-missing',
    `${shortName(actorName(actor))} is not a deployer of ${name}`,
    deployers.length === 0 ? 'No person is: only builds are deployed here.' : `Deployers: ${deployers.join(', ')}.`,
  );
}

export function mayOperate({ actor, name, rules: { roles, approval } }: RoleFacts): Result<undefined> {
  const { deployers, operators } = roles ?? {};
  if (actor.kind !== 'person' || operators === undefined) return pass;
  if (operators.includes(actor.id) || deployers === undefined || deployers.includes(actor.id)) return pass;
  const { approvers } = approval;
  if (approverRule({ approvers, personId: actor.id, groups: actor.groups ?? [] })) return pass;
  return refuse(
    'role-missing',
    `${shortName(actorName(actor))} is neither an operator nor a deployer of ${name}`,
    `Operators: ${operators.join(', ') || 'none'}; deployers: ${deployers.join(', ') || 'none'}.`,
  );
}
