// Who may do what on a target, beyond being in the list of people. Approvers are listed under approval.

import { z } from 'zod';
import { listOf, matching } from '../kit/values.ts';

const people = () => listOf(matching(/^[a-z][a-z0-9-]{0,31}$/, 'the id of a person'), 200);

export const roles = z
  .strictObject({
    deployers: people()
      .describe(
        'Who may deploy, switch and ask for a contract here; they may do all that operators may. Default: everybody in people.',
      )
      .optional(),
    operators: people()
      .describe(
        'Who may pause, resume, abort, roll back, lock, suspend, and start and stop sides. Default: everybody in people.',
      )
      .optional(),
  })
  .describe('Who may do what here. Machines act by the rules about builds.');

/** Ids of people; undefined: everybody in the list of people. */
export interface RoleSettings {
  readonly deployers: readonly string[] | undefined;
  readonly operators: readonly string[] | undefined;
}

/** Undefined where nobody is left out. */
export function resolveRoles(given: z.infer<typeof roles> | undefined): RoleSettings | undefined {
  const { deployers, operators } = given ?? {};
  return deployers === undefined && operators === undefined ? undefined : { deployers, operators };
}
