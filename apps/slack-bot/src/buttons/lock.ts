// Taking away the lock of another person: asked about first, and bound to the lock that the question was about.

import type { Actor, Refusal, TargetRef } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { readSideRef } from '../cards/button-value.ts';
import { lockCard } from '../cards/lock-card.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import { outside } from '../cards/text.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

/** The question; undefined where it was refused for another reason than the lock of another person. */
export function lockOfAnother(
  { engine, formatter }: BotContext,
  { actor, ...ref }: TargetRef & { readonly actor: Actor },
  { code }: Refusal,
): Card | undefined {
  if (code !== 'target-locked') return undefined;
  const found = engine.target(ref);
  const lock = found.ok ? found.value.lock : undefined;
  return found.ok && lock !== undefined && actor.kind === 'person'
    ? lockCard({ ...found.value, lock }, formatter)
    : undefined;
}

export function handleUnlockClick({ engine, people }: BotContext, { value, user }: ButtonClick): Card {
  const actor = people.actor(user);
  const ref = readSideRef(value);
  const found = ref && engine.target({ service: ref.service, target: ref.target });
  const lock = found?.ok ? found.value.lock : undefined;
  if (ref === undefined || !found?.ok || lock === undefined || String(lock.since) !== ref.deploymentId) {
    engine.recordRejection(actor, gone);
    return refusalCard(gone);
  }
  const { service, target, name } = found.value;
  const unlocked = engine.unlock({ service, target, actor, of: lock.owner });
  return unlocked.ok ? noticeCard(`🔓 *${outside(name, 80)}* is unlocked.`) : refusalCard(unlocked.refusal);
}

const gone: Refusal = {
  code: 'stale-card',
  sentence: 'The lock that this button was about is gone.',
  hint: 'See the status for what holds now.',
};
