// What runs in a slot, as far as its environment answers. One that does not answer says nothing about the slot: its side
// is neither gone nor to be started somewhere else, and only its own answers to health checks judge it.

import type { SlotName } from '../domain/target.ts';
import type { SlotObservation } from '../environment/environment.ts';
import { hasCode, messageOf } from '../lib/errors.ts';
import { type Core, placeOf, type Target } from './core.ts';

/** Undefined: the environment does not answer. */
export async function seenIn(
  { core, target }: { readonly core: Pick<Core, 'log'>; readonly target: Target },
  slot: SlotName,
): Promise<SlotObservation | undefined> {
  try {
    return await target.environment.inspect(placeOf(target, slot));
  } catch (thrown) {
    if (!hasCode(thrown, 'environment-unreachable')) throw thrown;
    core.log.warn({ target: target.name, slot, problem: messageOf(thrown) }, 'what runs in a slot is not known now');
    return undefined;
  }
}
