// What runs where, as an answer: of all services, of one, or of one target.

import type { StatusView, TargetRef } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { statusCard, targetCard } from '../cards/status-card.ts';
import { strandedIn } from '../outbox/stranded.ts';
import type { BotContext } from '../slack/bot-context.ts';

export function status({ engine, formatter }: BotContext, ref: TargetRef, page = 0): Card {
  const all = statusOf(engine);
  if (ref.service === undefined) return statusCard(all, formatter, { page });
  const targets = all.targets.filter(
    ({ service, target }) => service === ref.service && (ref.target === undefined || target === ref.target),
  );
  const [only, ...more] = targets;
  return only === undefined || more.length > 0
    ? statusCard({ ...all, targets }, formatter, { page, service: ref.service })
    : targetCard(only, all, formatter);
}

/** What the engine knows, and the channels that take no message of the bot. */
function statusOf(engine: BotContext['engine']): StatusView {
  const found = engine.status();
  const lost = [...strandedIn(engine)].map(
    ([channel, error]) =>
      `Slack takes no message in ${channel} (${error}): cards are not shown there. Invite the bot, or configure another channel.`,
  );
  return { ...found, warnings: [...lost, ...found.warnings] };
}
