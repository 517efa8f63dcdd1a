// `drill`: a person asks for the proof that a rollback would work. The controller does it; nothing here waits for it.

import type { Engine } from '../../api/engine.ts';
import { actorName, shortName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { liveDeployment } from '../../state/deployments.ts';
import type { Core, Target } from '../core.ts';
import { gatherFacts } from '../gates/facts.ts';
import { notDrifted } from '../gates/gates.ts';
import { acted, onTarget } from '../verbs/keep.ts';
import { rollbackTarget } from '../verbs/rollback-target.ts';
import { putDrill, readDrill } from './memory.ts';

export function askForDrill(core: Core, request: Parameters<Engine['drill']>[0]): Result<Target> {
  return onTarget(core, request, 'drill', (tx, target) => {
    const { name, key, balancer } = target;
    if (liveDeployment(tx.db, key))
      return refuse('target-busy', `a deployment is working on ${name}`, 'Ask again when it has ended.');
    const known = notDrifted(gatherFacts(core, target, { actor: request.actor, version: '' }));
    if (!known.ok) return known;
    if (!balancer.preview)
      return refuse('not-allowed-now', `the load balancer of ${name} has no preview route, which a drill needs`);
    if (!rollbackTarget(core, target, undefined))
      return refuse('no-rollback-target', `${name} has no earlier release to go back to`);
    const { asked, running } = readDrill(tx.db, key);
    if (asked ?? running)
      return refuse('already-decided', `a drill of ${name} is under way`, '`bg status` shows its result.');
    const by = actorName(request.actor);
    putDrill(tx.db, key, { asked: { by, at: tx.now } }, tx.now);
    tx.audit({
      ...key,
      actor: by,
      action: 'drill-asked',
      sentence: `${shortName(by)} asks for a rollback drill of ${name}`,
    });
    return acted;
  });
}
