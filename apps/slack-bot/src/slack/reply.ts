// A private answer to a command or a click: only the person sees it, and it arrives even where Slack refuses its blocks.

import { RespondError } from '@slack/bolt';
import { type Card, textAlone } from '../cards/blocks.ts';
import type { SlackResult } from './api.ts';
import type { BotContext } from './bot-context.ts';
import { isMisdrawn } from './problems.ts';

export interface Reply {
  readonly card: Card;
  readonly respond: (message: Message) => Promise<unknown>;
  readonly channel: string | undefined;
  readonly user: string;
}

interface Message {
  readonly text: string;
  readonly blocks?: Card['blocks'][number][];
  readonly response_type: 'ephemeral';
  readonly replace_original: false;
}

/** Through the response URL, which works in channels that the bot is not in; else as an ephemeral message. */
export async function reply(bot: BotContext, { card, respond, channel, user }: Reply): Promise<void> {
  const answer = { text: card.text, response_type: 'ephemeral', replace_original: false } as const;
  try {
    await respond({ ...answer, blocks: [...card.blocks] }).catch((thrown: unknown) => {
      if (!isBadRequest(thrown)) throw thrown;
      bot.log.error({ problem: String(thrown) }, 'Slack refused the blocks of an answer; only its text is sent');
      return respond({ ...answer, text: textAlone(card).text });
    });
  } catch (thrown) {
    const shown = channel === undefined ? undefined : await ephemeral(bot, { channel, user }, card);
    if (!shown?.ok)
      bot.log.warn({ problem: String(thrown) }, 'an answer could not be shown; the audit log has what happened');
  }
}

/** Slack read the answer and took nothing of it, so a second one shows nothing twice. */
const isBadRequest = (thrown: unknown): boolean => thrown instanceof RespondError && thrown.statusCode === 400;

async function ephemeral(
  { slack, log }: BotContext,
  to: { readonly channel: string; readonly user: string },
  card: Card,
): Promise<SlackResult<unknown>> {
  const answer = await slack.ephemeral(to, card);
  if (answer.ok || !isMisdrawn(answer.problem)) return answer;
  log.error({ problem: answer.problem }, 'Slack refused the blocks of an answer; only its text is sent');
  return slack.ephemeral(to, textAlone(card));
}
