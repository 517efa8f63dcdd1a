// A delivery of CI that was settled is worked on once more, because a person says so.

import type { Delivered } from '../../builds/inbox.ts';
import { createInbox, deliverAgain } from '../../state/inbox.ts';
import { type Actor, actorName } from '../actor.ts';
import type { Core } from '../core.ts';
import { inTeam } from '../gates.ts';
import { ok, type Result, refuse } from '../refusal.ts';
import { recordRefusal } from './refused.ts';

export function replay(core: Core, id: number, actor: Actor): Result<Delivered> {
  const asked = mayReplay(core, id, actor);
  if (!asked.ok) {
    recordRefusal(core, { actor, verb: 'replay', refusal: asked.refusal });
    return asked;
  }
  const { hook, kind, delivery, state, sentence } = asked.value;
  core.store.write((tx) => {
    deliverAgain(tx, id);
    tx.audit({
      actor: actorName(actor),
      action: 'delivery-replayed',
      sentence: `delivery ${id} of ${hook} is worked on again; it was ${state}: ${sentence ?? ''}`,
      detail: { id, hook, kind, delivery },
    });
  });
  return ok(createInbox(core.store).show(id) ?? asked.value);
}

function mayReplay(core: Core, id: number, actor: Actor): Result<Delivered> {
  const member = inTeam({ actor });
  if (!member.ok) return member;
  const found = createInbox(core.store).show(id);
  if (!found)
    return refuse('no-such-delivery', `there is no delivery ${id}`, 'See `bg inbox list` for those that are kept.');
  if (found.state === 'waiting')
    return refuse('not-allowed-now', `delivery ${id} waits already, and is worked on without being asked`);
  return ok(found);
}
