// The gate of freezes. It is never asked of a rollback.

import type { Actor } from '../../domain/actor.ts';
import { type Refusal, type Result, refuse } from '../../domain/refusal.ts';
import { type Frozen, frozenHint, mayOverride } from './policy.ts';

export interface FreezeFacts {
  /** The freezes that hold the target now. */
  readonly frozen: Frozen | undefined;
  /** Set where the person asks to deploy although the target is frozen. */
  readonly freezeOverride:
    | { readonly reason: string | undefined; readonly notApprover: Refusal | undefined }
    | undefined;
}

interface Asked extends FreezeFacts {
  readonly name: string;
  readonly actor: Actor;
  readonly version: string;
}

export function notFrozen({ frozen, freezeOverride, ...asked }: Asked): Result<undefined> {
  if (frozen === undefined) return { ok: true, value: undefined };
  if (freezeOverride) return mayOverride({ frozen, ...freezeOverride, ...asked });
  return refuse('target-frozen', `${asked.name} is frozen: ${frozen.sentence}`, frozenHint(frozen, asked.version));
}

/** A switch moves users on as a deployment does; who wants to go back has the rollback, which no freeze refuses. */
export function switchNotFrozen({ frozen, name }: Pick<Asked, 'frozen' | 'name'>): Result<undefined> {
  if (frozen === undefined) return { ok: true, value: undefined };
  return refuse(
    'target-frozen',
    `${name} is frozen: ${frozen.sentence}`,
    'A freeze refuses no rollback. To move on all the same, deploy the version with `--override-freeze --reason "…"`; a held preview goes on with `bg continue --reason "…"`.',
  );
}
