// The buttons of a deployment that waits.

import type { Result, WaitingView } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import { outside } from '../cards/text.ts';
import { firstAction, waitingId } from '../cards/waiting-card.ts';
import { openFirstModal } from '../modals/open.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export async function handleWaitingClick(bot: BotContext, click: ButtonClick, name: string): Promise<Card | undefined> {
  if (name === firstAction) return openForm(bot, click);
  return cancelled(bot.engine.cancelWaiting(click.value.slice(0, 160), bot.people.actor(click.user)));
}

/** For the reason; what does not wait any more has no form. */
async function openForm(bot: BotContext, { value, user, triggerId }: ButtonClick): Promise<Card | undefined> {
  const view = bot.engine.settings.targets
    .flatMap(({ service, target }) => {
      const found = bot.engine.waiting({ service, target });
      return found.ok ? found.value.now : [];
    })
    .find((each) => waitingId(each) === value);
  return view
    ? openFirstModal(bot, { actor: bot.people.actor(user), triggerId, view })
    : noticeCard('⚠️ This deployment does not wait any more. Nothing was changed.');
}

export function cancelled(result: Result<WaitingView>): Card {
  if (!result.ok) return refusalCard(result.refusal);
  const { version, name } = result.value;
  return noticeCard(`🗑️ ${outside(version, 64)} is not deployed to *${outside(name, 80)}*: it does not wait any more.`);
}
