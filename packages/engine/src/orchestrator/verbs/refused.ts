// A refusal changes nothing, but is recorded: known people and machines by name, unauthenticated senders by number.

import { type Actor, actorName } from '../../domain/actor.ts';
import type { Refusal, Result } from '../../domain/refusal.ts';
import type { TargetKey } from '../../domain/target.ts';
import { countUnauthenticatedRequests } from '../../state/unauthenticated.ts';
import type { Core, Target } from '../core.ts';

export interface RefusedVerb {
  readonly actor: Actor;
  readonly verb: string;
  readonly refusal: Refusal;
  readonly key?: TargetKey | undefined;
  readonly deploymentId?: string | undefined;
}

export function recordRefusal(core: Core, { actor, verb, refusal, key, deploymentId }: RefusedVerb): void {
  if (actor.kind === 'stranger') {
    core.store.note((db, now) =>
      countUnauthenticatedRequests(db, { entryPoint: actor.door, source: '', count: 1 }, now),
    );
    return;
  }
  core.store.write((tx) =>
    tx.audit({
      actor: actorName(actor),
      action: 'refused',
      service: key?.service,
      target: key?.target,
      deploymentId,
      code: refusal.code,
      sentence: `${verb}: ${refusal.sentence}`,
    }),
  );
}

/** Records it, and is the answer of the verb. */
export function refused(
  core: Core,
  { actor, verb }: Pick<RefusedVerb, 'actor' | 'verb'>,
  answer: Result<unknown> & { readonly ok: false },
  target?: Target,
): Result<never> {
  recordRefusal(core, { actor, verb, refusal: answer.refusal, key: target?.key });
  return answer;
}
