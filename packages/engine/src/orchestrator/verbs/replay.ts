// A delivery of CI that was settled is worked on once more, because a person says so.

import { type Actor, actorName } from '../../domain/actor.ts';
import type { DeliveryRecord } from '../../domain/inbox.ts';
import { ok, type Result, refuse } from '../../domain/refusal.ts';
import { createInbox, deliverAgain } from '../../state/inbox.ts';
import type { Core } from '../core.ts';
import { inTeam } from '../gates/gates.ts';
import { recordRefusal } from './refused.ts';

export function replay(core: Core, id: number, actor: Actor): Result<DeliveryRecord> {
  const answer = deliver(core, id, actor);
  if (!answer.ok) recordRefusal(core, { actor, verb: 'replay', refusal: answer.refusal });
  return answer;
}

/** Checked and changed in one transaction: of two people who ask at once, the second is notified that it waits. */
function deliver(core: Core, id: number, actor: Actor): Result<DeliveryRecord> {
  return core.store.write((tx): Result<DeliveryRecord> => {
    const asked = mayReplay(core, id, actor);
    if (!asked.ok) return asked;
    const { hook, kind, delivery, state, sentence } = asked.value;
    deliverAgain(tx, id);
    tx.audit({
      actor: actorName(actor),
      action: 'delivery-replayed',
      sentence: `delivery ${id} of ${hook} is worked on again; it was ${state}: ${sentence ?? ''}`,
      detail: { id, hook, kind, delivery },
    });
    return ok(createInbox(core.store).show(id) ?? asked.value);
  });
}

function mayReplay(core: Core, id: number, actor: Actor): Result<DeliveryRecord> {
  const member = inTeam({ actor });
  if (!member.ok) return member;
  const inbox = createInbox(core.store);
  const found = inbox.show(id);
  if (!found)
    return refuse('no-such-delivery', `there is no delivery ${id}`, 'See `bg inbox list` for those that are stored.');
  if (found.state === 'waiting')
    return refuse('not-allowed-now', `delivery ${id} waits already, and is worked on without being asked`);
  if (inbox.body(id) === undefined)
    return refuse(
      'no-such-delivery',
      `the body of delivery ${id} is no longer stored`,
      'Have its sender deliver it again.',
    );
  return ok(found);
}
