// The card of a deployment outside its channel, which takes none: archived, or without the bot.

import { type Card, card, section } from './blocks.ts';
import { outside } from './text.ts';

interface Stranded {
  readonly channel: string;
  /** Slack's word for why. */
  readonly error: string;
}

export function strandedCard({ text, blocks }: Card, stranded: Stranded): Card {
  const title = `⚠️ ${strandedSentence(stranded)} Here you can decide all the same.`;
  return card(`${title} ${text}`, [section(title), ...blocks]);
}

export function strandedSentence({ channel, error }: Stranded): string {
  return `Slack takes no message in ${channelText(channel)} (${outside(error, 60)}), so the card of this deployment is not there.`;
}

export const channelText = (channel: string): string =>
  /^[CG][A-Z0-9]{2,}$/.test(channel) ? `<#${channel}>` : outside(channel, 90);
