// A person suspends the automation of a target, or resumes it.

import type { Engine } from '../../api/engine.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import type { Core, Target } from '../core.ts';
import { readSuspension, resumeAutomation, suspendAutomation, suspensionSentence } from '../gates/suspension.ts';
import { acted, onTarget } from './keep.ts';

const maxReason = 300;

export function suspend(core: Core, request: Parameters<Engine['suspend']>[0]): Result<Target> {
  return onTarget(core, request, 'suspend', (tx, target) => {
    const reason = request.reason.trim().slice(0, maxReason);
    if (reason === '')
      return refuse(
        'reason-missing',
        `suspending the automation of ${target.name} needs its reason`,
        'Add the reason.',
      );
    const before = readSuspension(tx.db, target.key);
    if (before)
      return refuse(
        'already-decided',
        suspensionSentence(target.name, before, tx.now),
        'Resume it with `bg unsuspend` first to give another reason.',
      );
    suspendAutomation(tx, target.key, { by: actorName(request.actor), reason, deploymentId: undefined });
    return acted;
  });
}

export function unsuspend(core: Core, request: Parameters<Engine['unsuspend']>[0]): Result<Target> {
  return onTarget(core, request, 'unsuspend', (tx, target) => {
    if (!readSuspension(tx.db, target.key))
      return refuse('not-allowed-now', `the automation of ${target.name} is not suspended`);
    const by = actorName(request.actor);
    resumeAutomation(tx, target.key, { by, why: `${shortName(by)} decided it` });
    return acted;
  });
}
