// A click on Restore or Adopt. The button names the drift that it was drawn for; the engine asks the balancer again.

import type { Refusal } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { readSideRef } from '../cards/button-value.ts';
import { type DriftAction, driftActions } from '../cards/drift-card.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export const isDriftAction = (name: string): name is DriftAction => (driftActions as readonly string[]).includes(name);

export async function handleDriftClick(
  bot: BotContext,
  input: ButtonClick,
  name: DriftAction,
): Promise<Card | undefined> {
  const { engine, people } = bot;
  const ref = readSideRef(input.value);
  const target =
    ref && engine.settings.targets.find((each) => each.service === ref.service && each.target === ref.target);
  if (ref === undefined || target === undefined) {
    engine.recordRejection(people.actor(input.user), unknownTarget);
    return refusalCard(unknownTarget);
  }
  const actor = await people.decider(input.user, target.approval.approvers);
  const request = { service: ref.service, target: ref.target, actor, drift: ref.deploymentId };
  const result = await (name === 'restore-routing' ? engine.restoreRouting(request) : engine.adoptRouting(request));
  return result.ok ? undefined : refusalCard(result.refusal);
}

const unknownTarget: Refusal = {
  code: 'target-unknown',
  sentence: 'The target of this button is not configured here.',
  hint: 'See the status for what is possible now.',
};
