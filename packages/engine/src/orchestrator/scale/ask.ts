// `scale`: a person asks for another number of instances in a slot. Only written here; the controller carries it out.

import type { ScaleView, SlotVerbs } from '../../api/slots.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { setScaling } from '../../state/counts.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Tx } from '../../state/store.ts';
import { readSlot } from '../../state/targets.ts';
import type { Core, Target } from '../core.ts';
import { findTarget, gatherFacts } from '../gates/facts.ts';
import { ask, inTeam, notDrifted, sameConfiguration, stateKnown } from '../gates/gates.ts';
import { mayOperate } from '../gates/roles.ts';
import { refused } from '../verbs/refused.ts';
import { isAtReserved, startedCount } from './change.ts';
import { instances } from './perform.ts';

type Request = Parameters<SlotVerbs['scale']>[0];

export function scale(core: Core, request: Request): Result<ScaleView> {
  const found = findTarget(core, request);
  if (!found.ok) return refused(core, { ...request, verb: 'scale' }, found);
  const target = found.value;
  const answer = core.store.write((tx) => decide(core, tx, target, request));
  return answer.ok ? answer : refused(core, { ...request, verb: 'scale' }, answer, target);
}

function decide(core: Core, tx: Tx, target: Target, request: Request): Result<ScaleView> {
  const { slot, instances: to, actor } = request;
  const facts = gatherFacts(core, target, { actor, version: '' });
  const gates = [inTeam, mayOperate, sameConfiguration, stateKnown, notDrifted] as const;
  const admitted = ask(
    gates.map((gate) => ({ gate })),
    facts,
  );
  if (!admitted.ok) return admitted;
  const { counts } = target;
  const most = counts?.most(slot) ?? target.settings.slots[slot].ports?.length ?? 1;
  if (!Number.isSafeInteger(to) || to < 1)
    return refuse('text-invalid', `a slot has at least 1 instance, and ${to} is no such number`);
  const from = startedCount(target, slot);
  const scaling = counts?.scaling(slot);
  const key = { ...target.key, slot };
  if (scaling && (scaling.problem !== undefined || scaling.to !== to))
    return refuse(
      'not-allowed-now',
      `${slot} of ${target.name} is on its way from ${scaling.from} to ${instances(scaling.to)}`,
      'Wait for it: `bg status` shows when it is done.',
    );
  if (scaling) return ok({ slot, from: scaling.from, to, most, state: 'begun' });
  const problem = problemOf(core, target, request, most);
  if (problem) return problem;
  if (from === to && counts?.wanted(slot) === to) return ok({ slot, from, to, most, state: 'already' });
  const by = actorName(actor);
  setScaling(tx, key, { from, to, admitted: from, by, since: tx.now, problem: undefined });
  tx.audit({
    ...target.key,
    actor: by,
    action: 'scale-asked',
    sentence: `${shortName(by)} asks for ${instances(to)} in ${slot}, which has ${from}`,
    detail: { slot, instances: to, had: from },
  });
  return ok({ slot, from, to, most, state: 'begun' });
}

/** By what this state says of the slot. */
function problemOf(core: Core, target: Target, { slot, instances: to }: Request, most: number) {
  const { counts, settings, name } = target;
  if (!settings.slots[slot].reserved || !counts)
    return refuse(
      'not-supported',
      `${slot} of ${name} has ${instances(most)}, and no address for another number`,
      'Say with `maxInstances` how many there may be; `bg config apply` and the next deployment take it up.',
    );
  if (to > most)
    return refuse('not-allowed-now', `${slot} of ${name} may have ${instances(most)} at most`, 'Raise `maxInstances`.');
  if (settings.minHealthy !== undefined && to < settings.minHealthy)
    return refuse(
      'not-allowed-now',
      `${settings.minHealthy} instances of ${slot} must be healthy, and ${to} are fewer`,
      'Lower `minHealthy`, or ask for more.',
    );
  const row = readSlot(core.store.db, target.key, slot);
  const live = liveDeployment(core.store.db, target.key);
  if (live && (live.slot === slot || (live.fromSlot === slot && to < startedCount(target, slot))))
    return refuse(
      'target-busy',
      live.slot === slot
        ? `a deployment of ${live.version} works in ${slot}`
        : `users may come back to ${slot} while ${live.version} is deployed: it keeps its instances`,
      'Wait for it, or abort it.',
    );
  if (row.role === 'idle' || row.version === null)
    return refuse(
      'not-allowed-now',
      `nothing runs in ${slot} of ${name}`,
      'The next deployment starts as many instances as the live side has.',
    );
  if (row.label !== null) return refuse('not-allowed-now', `${slot} of ${name} is ${row.label}, and serves no users`);
  if (startedCount(target, slot) === 0 || !isAtReserved(target, slot))
    return refuse(
      'not-allowed-now',
      `${row.version} in ${slot} was started at other addresses than the configuration says now`,
      'It takes up the new ones at its next start.',
    );
  return undefined;
}
