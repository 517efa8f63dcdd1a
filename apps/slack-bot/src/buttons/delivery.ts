// A click on Try again: the delivery is processed again if it is still parked since the time that the button names.

import type { Refusal } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { readDeliveryRef } from '../cards/button-value.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export function handleDeliveryClick({ engine, people }: BotContext, input: ButtonClick): Card | undefined {
  const actor = people.actor(input.user);
  const ref = readDeliveryRef(input.value);
  const delivery = ref && engine.inbox.show(ref.id);
  const isStill = delivery?.state === 'parked' && delivery.settledAt === ref?.settledAt;
  if (ref === undefined || (!isStill && actor.kind === 'person')) {
    engine.recordRejection(actor, settled);
    if (ref !== undefined) engine.outbox.again(`delivery:${ref.id}`, { urgent: true });
    return refusalCard(settled);
  }
  const result = engine.replay(ref.id, actor);
  return result.ok ? undefined : refusalCard(result.refusal);
}

const settled: Refusal = {
  code: 'stale-card',
  sentence: 'This delivery was processed since, or is no longer stored.',
  hint: '`bg inbox list` shows the deliveries that need a person.',
};
