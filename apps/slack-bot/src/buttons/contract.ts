// A click on Approve or Reject of a contract. The button names the contract; the engine decides what may be done with it.

import type { Card } from '../cards/blocks.ts';
import { type ContractAction, contractActions } from '../cards/contract-card.ts';
import { refusalCard } from '../cards/refusal-card.ts';
import type { BotContext, ButtonClick } from '../slack/bot-context.ts';

export const isContractAction = (name: string): name is ContractAction =>
  (contractActions as readonly string[]).includes(name);

export async function handleContractClick(
  bot: BotContext,
  input: ButtonClick,
  name: ContractAction,
): Promise<Card | undefined> {
  const { migrations } = bot.engine;
  const view = migrations.contractNamed(input.value);
  const actor = await bot.people.decider(input.user, view?.approvers ?? []);
  const result =
    name === 'approve-contract'
      ? migrations.approveContract(input.value, actor)
      : migrations.rejectContract(input.value, actor, 'rejected on its card');
  return result.ok ? undefined : refusalCard(result.refusal);
}
