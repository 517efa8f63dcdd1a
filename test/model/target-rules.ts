// The rules of what is not a deployment: locks, marks, freezes that are overridden, drift that is settled.

import { frozenAt } from './freezes.ts';
import { type Deployment, isLocked, isOpen, type Model, type Request, stepOf } from './model.ts';
import { type ActorName, isApprover, isPerson, mayDecide, mayOperate, rowName } from './people.ts';
import { type Answer, codes } from './rules.ts';

export function lockRefusals(model: Model, actor: ActorName, at: number): Answer {
  const isOthers = isLocked(model, at) && model.lock?.owner !== rowName(actor);
  return { certain: [...mayOperate(actor), ...codes([isOthers, 'target-locked'])] };
}

/** Without a name only one's own lock goes. */
export function unlockRefusals(
  model: Model,
  { actor, of }: { readonly actor: ActorName; readonly of?: ActorName | undefined },
  at: number,
): Answer {
  const owner = model.lock?.owner ?? '';
  const isMeant = owner === rowName(actor) || (of !== undefined && owner === rowName(of));
  const holds = isLocked(model, at);
  const own = codes([!holds, 'not-allowed-now'], [holds && !isMeant, 'target-locked']);
  return { certain: [...mayOperate(actor), ...own] };
}

export function suspendRefusals({ suspended }: Model, kind: 'suspend' | 'unsuspend', actor: ActorName): Answer {
  const own = codes(
    [kind === 'suspend' && suspended, 'already-decided'],
    [kind === 'unsuspend' && !suspended, 'not-allowed-now'],
  );
  return { certain: [...mayOperate(actor), ...own] };
}

export function clearRefusals(model: Model, actor: ActorName, version: string): Answer {
  const people = codes([!isPerson(actor), 'not-in-team']);
  if (!model.registered.has(version)) return { certain: [...people, 'release-unknown'] };
  if (!model.bad.has(version)) return { certain: [...people, 'not-allowed-now'] };
  // It is as much as an approval wherever a deployment needs one.
  if (model.rules.needed === 0) return { certain: people };
  const all = [...(model.live ? [model.live] : []), ...model.ended.toReversed()];
  const by = all.find((each) => each.version === version)?.by ?? '';
  return { certain: [...people, ...mayDecide(actor, { by })] };
}

export function waitingRefusals(request: Request, actor: ActorName): Answer {
  return { certain: [...mayOperate(actor), ...codes([!isOpen(request), 'already-decided'])] };
}

export function continueRefusals(actor: ActorName, on: Deployment | undefined, at: number): Answer {
  const roles = mayOperate(actor);
  if (!on) return { certain: [...roles, 'no-such-deployment'] };
  const step = stepOf(on);
  const isForward = !on.unwinding && (on.mode === 'deploy' || on.mode === 'redeploy');
  const holding = frozenAt(at).filter(({ key }) => !on.overridden.has(key));
  const isHeld = isForward && (step === 'shift-traffic' || step === 'promote') && holding.length > 0;
  if (!isHeld) return { certain: [...roles, 'not-allowed-now'] };
  const hasNone = !isPerson(actor) || holding.some(({ override }) => override === 'nobody');
  return { certain: [...roles, ...codes([hasNone, 'target-frozen'], [!isApprover(actor), 'not-approver'])] };
}

/** The model does not follow which of the two ways out fits; one of them must. */
export function routingRefusals({ drifted, faults }: Model, actor: ActorName): Answer {
  if (actor === 'eve') return { certain: ['not-in-team'] };
  const possible = codes(
    [true, 'target-busy'],
    [true, 'side-unhealthy'],
    [true, 'state-unknown'],
    [!drifted || faults.size > 0, 'not-allowed-now'],
  );
  return { certain: codes([!isApprover(actor), 'not-approver']), possible };
}
