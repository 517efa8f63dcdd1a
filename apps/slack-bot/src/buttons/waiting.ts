// The buttons of a deployment that waits.

import type { Result, WaitingView } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { noticeCard, refusalCard } from '../cards/refusal-card.ts';
import { outside } from '../cards/text.ts';
import { firstAction, waitingId } from '../cards/waiting-card.ts';
import { openWaitingModal } from '../modals/open.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export async function handleWaitingClick(bot: BotContext, click: ButtonClick, name: string): Promise<Card | undefined> {
  return openForm(bot, click, name === firstAction ? 'first' : 'cancel');
}

/** For the reason; what does not wait any more has no form. */
async function openForm(
  bot: BotContext,
  { value, user, triggerId }: ButtonClick,
  name: 'first' | 'cancel',
): Promise<Card | undefined> {
  const view = bot.engine.settings.targets
    .flatMap(({ service, target }) => {
      const found = bot.engine.waiting({ service, target });
      return found.ok ? found.value.now : [];
    })
    .find((each) => waitingId(each) === value);
  return view
    ? openWaitingModal(bot, { name, actor: bot.people.actor(user), triggerId, view })
    : noticeCard('⚠️ This deployment does not wait any more. Nothing was changed.');
}

export function cancelled(result: Result<WaitingView>): Card {
  if (!result.ok) return refusalCard(result.refusal);
  const { version, name, problem } = result.value;
  const why = problem === undefined ? '' : ` “${outside(problem, 300)}”`;
  return noticeCard(
    `🗑️ ${outside(version, 64)} is not deployed to *${outside(name, 80)}*: it does not wait any more.${why}`,
  );
}
