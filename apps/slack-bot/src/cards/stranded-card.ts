// A copy of a deployment's card for one person, because the channel takes no message: archived, or without the bot.

import { type Card, card, section } from './blocks.ts';
import { outside } from './text.ts';

interface Stranded {
  readonly channel: string;
  /** Slack's word for why. */
  readonly error: string;
}

export function strandedCard({ text, blocks }: Card, stranded: Stranded): Card {
  const { channel, error } = stranded;
  // In the past: the copy stays true when the channel comes back.
  const title = `⚠️ Slack took no message in ${channelText(channel)} (${outside(error, 60)}), so you get a copy of the card here.`;
  return card(`${title} ${text}`, [section(title), ...blocks]);
}

export function strandedSentence({ channel, error }: Stranded): string {
  return `Slack takes no message in ${channelText(channel)} (${outside(error, 60)}), so the card of this deployment is not there.`;
}

export const channelText = (channel: string): string =>
  /^[CG][A-Z0-9]{2,}$/.test(channel) ? `<#${channel}>` : outside(channel, 90);
