// Single lines: the log in a card's thread, notes in the channel, and direct messages.

import { type AuditRow, type DeploymentView, shortName } from '@bg/engine';
import { type Card, card, section } from './blocks.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { headline, stageEmoji, stageOf, subject } from './stage.ts';
import { code, link, outside } from './text.ts';

/** What happened, as the audit log says it: facts enough to draw the line again after a restart. */
export type LineFacts = Pick<AuditRow, 'seq' | 'at' | 'actor' | 'sentence'> & {
  /** Of the row that ends a deployment: the head of the log, shown where this machine cannot take it back. */
  readonly head?: string | undefined;
};

export function lineText({ seq, actor, sentence, head }: LineFacts, formatter: PeopleFormatter): string {
  const proof = head === undefined ? '' : `\n🧷 audit head ${code(`${seq}:${head}`, 100)}`;
  return `${said({ actor, sentence }, formatter)}${proof}`;
}

/** Lines of a thread; each block takes a few, so that none is cut off. */
export function linesCard(lines: readonly string[]): Card {
  const perBlock = 2;
  const blocks = Array.from({ length: Math.ceil(lines.length / perBlock) }, (_, index) =>
    section(lines.slice(index * perBlock, (index + 1) * perBlock).join('\n')),
  );
  return card(lines.join('\n'), blocks);
}

/** Most sentences of the log begin with the short name of the actor; the formatted person replaces it. */
export function said({ actor, sentence }: Pick<LineFacts, 'actor' | 'sentence'>, formatter: PeopleFormatter): string {
  const short = shortName(actor);
  if (sentence.startsWith(`${short} `))
    return `${formatter.actor(actor)} ${outside(sentence.slice(short.length + 1), 900)}`;
  return actor === 'engine' || sentence.includes(`by ${short}`)
    ? outside(sentence, 900)
    : `${formatter.actor(actor)}: ${outside(sentence, 900)}`;
}

export function noteCard(
  facts: LineFacts & { readonly name: string; readonly emoji: string },
  formatter: PeopleFormatter,
): Card {
  const text = `${facts.emoji} *${outside(facts.name, 80)}*: ${said(facts, formatter)}`;
  return card(text, [section(text)]);
}

export interface DirectFacts {
  readonly view: DeploymentView;
  /** Set when a person takes the release back; otherwise the message is about how the deployment ended. */
  readonly about: LineFacts | undefined;
  /** Address of the card, when it is known. */
  readonly address: string | undefined;
}

/** To the requester: it ended, or a person takes it back. */
export function directCard({ view, about, address }: DirectFacts, formatter: PeopleFormatter): Card {
  const ended = `${stageEmoji[stageOf(view)]} *${outside(`${subject(view)}: ${headline(view)}`, 250)}*`;
  const title = about === undefined ? ended : `↩️ *${outside(`${subject(view)} is being taken back`, 250)}*`;
  const where = address === undefined ? '' : `\n${link(address, 'Open the card')}`;
  const text = `${title}\n${about === undefined ? outcomeText(view) : said(about, formatter)}${where}`;
  return card(text, [section(text)]);
}

function outcomeText({ outcome, cause }: DeploymentView): string {
  return outside(outcome?.sentence ?? cause?.sentence ?? '', 600);
}

export function headCard({ seq, hash }: { readonly seq: number; readonly hash: string }): Card {
  const text = `🧷 Audit log: entry ${seq}, head ${code(`${seq}:${hash}`, 100)}. As long as this message exists, a change of earlier entries is detected.`;
  return card(text, [section(text)]);
}
