// The buttons of a target on the Home tab. Each opens a form; what may be done is the engine's word.

import { type Refusal, targetName } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { homeDeploy } from '../cards/home-buttons.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import { openDeployModal, openLockModal } from '../modals/open.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export async function handleHomeClick(
  bot: BotContext,
  { value, user, triggerId }: ButtonClick,
  name: string,
): Promise<Card | undefined> {
  const { engine, people } = bot;
  const actor = people.actor(user);
  const [, service, target] = /^([\w-]{1,64})\/([\w-]{1,64})$/.exec(value) ?? [];
  const found = engine.settings.targets.find((one) => one.service === service && one.target === target);
  if (found === undefined) {
    engine.recordRejection(actor, unknownTarget);
    return refusalCard(unknownTarget);
  }
  const ref = { service: found.service, target: found.target };
  return name === homeDeploy
    ? openDeployModal(bot, { actor, triggerId, ref })
    : openLockModal(bot, { actor, triggerId, ref: value, name: targetName(found) });
}

const unknownTarget: Refusal = {
  code: 'target-unknown',
  sentence: 'The target of this button is not configured here.',
  hint: 'See the status for what is possible now.',
};
