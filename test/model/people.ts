// Who acts, and what the roles of the configuration allow: alice deploys; bob deploys and approves; carol operates and
// approves; dave is in the team and has no role; eve is a stranger; ci is a machine.

import type { RefusalCode } from '../../packages/engine/src/domain/refusal.ts';
import type { Deployment } from './model.ts';

export const actors = ['alice', 'bob', 'carol', 'dave', 'eve', 'ci'] as const;
export type ActorName = (typeof actors)[number];

/** As rows of the engine name them. */
export const rowName = (actor: ActorName): string =>
  actor === 'ci' ? 'machine:ci' : actor === 'eve' ? 'stranger:eve' : `person:${actor}`;
export const shortOf = (row: string): ActorName => row.slice(row.indexOf(':') + 1) as ActorName;

export const isPerson = (actor: ActorName): boolean => actor !== 'ci' && actor !== 'eve';
export const isApprover = (actor: ActorName): boolean => actor === 'bob' || actor === 'carol';

type Codes = readonly RefusalCode[];
const notInTeam: Codes = ['not-in-team'];
const noRole: Codes = ['role-missing'];

export function mayDeploy(actor: ActorName): Codes {
  if (actor === 'eve') return notInTeam;
  return actor === 'carol' || actor === 'dave' ? noRole : [];
}

export function mayOperate(actor: ActorName): Codes {
  if (actor === 'eve') return notInTeam;
  return actor === 'dave' ? noRole : [];
}

/** Approvers do, and not about what they asked for. */
export function mayDecide(actor: ActorName, { by }: Pick<Deployment, 'by'>): Codes {
  if (actor === 'eve') return notInTeam;
  return [
    ...(isApprover(actor) ? [] : (['not-approver'] as const)),
    ...(rowName(actor) === by ? (['four-eyes'] as const) : []),
  ];
}
