// What an author of a release says after a look at its canary. It is a hint, and no approval: four eyes and the judge are
// as they were. A stop keeps the present share, as every pause does.

import type { DeploymentRef, QuickLook } from '../../api/engine.ts';
import { type Actor, actorName } from '../../domain/actor.ts';
import { type Result, refuse } from '../../domain/refusal.ts';
import { advanceDeployment, type DeploymentRow } from '../../state/deployments.ts';
import { readRouting } from '../../state/targets.ts';
import type { Core } from '../core.ts';
import { shareOf } from '../routing/routing.ts';
import { decide, maxReason, note, type Refused, type Situation, who } from './decide.ts';

export function quickLook(core: Core, ref: DeploymentRef, actor: Actor, look: QuickLook): Result<DeploymentRow> {
  return decide(core, { verb: 'look', ref, actor }, (situation) => {
    const { tx, row, target } = situation;
    const refused = mayLook(situation);
    if (refused) return refused;
    const at = `${row.version} at ${shareOf(readRouting(tx.db, target.key).intent, row.slot)} %`;
    if (look.says === 'good') {
      note(situation, 'author-good', `${who(actor)}, an author, finds ${at} good`);
      return undefined;
    }
    const words = look.words.trim().slice(0, maxReason);
    if (words === '') return refuse('reason-missing', 'a stop says what is wrong', 'Say what you have seen.');
    if (row.pausedAt === null) {
      advanceDeployment(tx, row.id, { pausedAt: tx.now, pausedBy: actorName(actor) });
      note(situation, 'paused', `${who(actor)} pauses ${at} after a look`);
    }
    note(situation, 'author-stopped', `${who(actor)}, an author, stops ${at}: ${words}`);
    return undefined;
  });
}

function mayLook({ core, tx, target, row, actor }: Situation): Refused | undefined {
  const { people } = core.builds.contributors(target.key, row.version);
  if (actor.kind !== 'person' || !people.includes(actor.id))
    return refuse(
      'not-author',
      `${who(actor)} did not contribute to ${row.version}`,
      'To stop it, pause the deployment.',
    );
  const percent = shareOf(readRouting(tx.db, target.key).intent, row.slot);
  if (row.direction === 'forward' && percent > 0 && percent < 100) return undefined;
  return refuse('not-allowed-now', `${row.version} is no canary now`, 'See status for what is possible now.');
}
