// A person asks to learn what was lost. The driver does the same by itself on a state that knows nothing.

import type { Engine } from '../../api/engine.ts';
import type { Discovered } from '../../api/views.ts';
import { type Actor, actorName, shortName } from '../../domain/actor.ts';
import { ok } from '../../domain/refusal.ts';
import { type Core, ensureUp } from '../core.ts';
import { otherDriver } from '../gates/facts.ts';
import { ask, inTeam, sameConfiguration } from '../gates/gates.ts';
import { discoverTarget } from '../recovery/discover.ts';
import { fenceOfVerb } from '../routing/routing.ts';
import { recordRefusal } from './refused.ts';

export async function rebuildState(core: Core, actor: Actor): ReturnType<Engine['rebuildState']> {
  const answer = ask([{ gate: inTeam }, { gate: sameConfiguration }], { actor, otherDriver: otherDriver(core) });
  if (!answer.ok) {
    recordRefusal(core, { actor, verb: 'state rebuild', refusal: answer.refusal });
    return answer;
  }
  const { store } = core;
  const name = actorName(actor);
  store.write((tx) =>
    tx.audit({
      actor: name,
      action: 'state-rebuild-asked',
      sentence: `${shortName(name)} asks to learn what runs from the load balancers and the services`,
    }),
  );
  const learnt: Discovered[] = [];
  for (const target of core.targets) {
    await ensureUp(core, target);
    const nodes = await target.balancer.observe();
    learnt.push(await discoverTarget({ core, target, store, fence: fenceOfVerb(core), actor: name }, nodes));
  }
  return ok(learnt);
}
