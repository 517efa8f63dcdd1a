// Single lines: the log in a card's thread, notes in the channel, and direct messages.

import type { AuditRow, DeploymentView } from '@bg/engine';
import { type Card, card, section } from './blocks.ts';
import { headline, stageEmoji, stageOf, subject } from './stage.ts';
import { outside, time } from './text.ts';
import type { Who } from './who.ts';

/** What happened, as the audit log says it: facts enough to draw the line again after a restart. */
export type LineFacts = Pick<AuditRow, 'seq' | 'at' | 'actor' | 'sentence'>;

export function lineText({ at, actor, sentence }: LineFacts, who: Who): string {
  return `${time(at)}  ${who.actor(actor)} ${outside(sentence, 900)}`;
}

export function noteCard(facts: LineFacts & { readonly name: string; readonly emoji: string }, who: Who): Card {
  const text = `${facts.emoji} *${outside(facts.name, 80)}*: ${who.actor(facts.actor)} ${outside(facts.sentence, 900)}`;
  return card(text, [section(text)]);
}

/** To the person who asked: it did not end as they wished. */
export function directCard(view: DeploymentView, link: string | undefined): Card {
  const why = view.outcome?.sentence ?? view.cause?.sentence ?? '';
  const text = `${stageEmoji[stageOf(view)]} *${outside(`${subject(view)}: ${headline(view)}`, 250)}*\n${outside(why, 600)}`;
  return card(text, [section(link === undefined ? text : `${text}\n<${link}|See the card>`)]);
}

export function headCard({ seq, hash }: { readonly seq: number; readonly hash: string }): Card {
  const text = `🧷 Audit log: entry ${seq}, head \`${outside(hash, 80)}\`. With this shown here, nobody can quietly rewrite what came before.`;
  return card(text, [section(text)]);
}
