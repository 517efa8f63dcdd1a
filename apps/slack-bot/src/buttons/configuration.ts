// A click on Apply now or Leave. The button names the change that it was drawn for; the engine checks what differs now.

import type { Refusal } from '@bg/engine';
import type { Card } from '../cards/blocks.ts';
import { readSideRef } from '../cards/button-value.ts';
import { type ConfigurationAction, configurationActions } from '../cards/configuration-card.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export const isConfigurationAction = (name: string): name is ConfigurationAction =>
  (configurationActions as readonly string[]).includes(name);

export async function handleConfigurationClick(
  { engine, people }: BotContext,
  input: ButtonClick,
  name: ConfigurationAction,
): Promise<Card | undefined> {
  const ref = readSideRef(input.value);
  const actor = people.actor(input.user);
  if (ref === undefined || !engine.target(ref).ok) {
    engine.recordRejection(actor, unknownTarget);
    return refusalCard(unknownTarget);
  }
  const { service, target, deploymentId: seen } = ref;
  const request = { service, target, actor, seen };
  const result = await (name === 'apply-configuration'
    ? engine.applyConfiguration(request)
    : engine.leaveConfiguration(request));
  if (result.ok) return undefined;
  // The message may show what is not so any more.
  engine.outbox.again(`configuration:${service}/${target}:${seen}`, { urgent: true });
  return refusalCard(result.refusal);
}

const unknownTarget: Refusal = {
  code: 'target-unknown',
  sentence: 'The target of this button is not configured here.',
  hint: 'See the status for what is possible now.',
};
