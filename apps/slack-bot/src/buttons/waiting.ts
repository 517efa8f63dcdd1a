// The button of a deployment that waits.

import type { Result, WaitingView } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import { outside } from '../cards/text.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export const handleCancelClick = ({ engine, people }: BotContext, { value, user }: ButtonClick): Card =>
  cancelled(engine.cancelWaiting(value.slice(0, 40), people.actor(user)));

export function cancelled(result: Result<WaitingView>): Card {
  if (!result.ok) return refusalCard(result.refusal);
  const { version, name } = result.value;
  return noticeCard(`🗑️ ${outside(version, 64)} is not deployed to *${outside(name, 80)}*: it does not wait any more.`);
}
