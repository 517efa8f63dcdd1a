// A refusal: which rule said no, what to do now, and that nothing was changed.

import type { Refusal } from '@bg/engine';
import { type Card, card, context, section } from './blocks.ts';
import { code, escapeMarkup, join, outside } from './text.ts';

export function refusalCard(refusal: Refusal): Card {
  const sentence = ended(outside(refusal.sentence, 900));
  return card(`Refused: ${sentence} Nothing was changed.`, [
    section([`⛔ *${sentence}*`, hintLine(refusal.hint)].filter(Boolean).join('\n')),
    context(join(`Rule: ${code(refusal.code)}`, 'Nothing was changed.')),
  ]);
}

const ended = (sentence: string): string => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);

/** A hint may show a command to copy: the one pair of backticks in it is ours. */
function hintLine(hint: string): string {
  const [before, command, after] = hint.split('`');
  if (command === undefined || after === undefined) return withGroups(outside(hint, 600));
  return `${escapeMarkup(before ?? '')}${code(command, 500)}${outside(after, 300)}`;
}

/** Approvers that are a user group are named as Slack names them. */
function withGroups(text: string): string {
  return text.replaceAll(/\bgroup:(S[A-Z0-9]{2,20})\b/g, '<!subteam^$1>');
}

/** A fault of the bot; the log has the details. */
export function faultCard(reference: string): Card {
  const sentence = 'Something went wrong in the bot while it worked on this.';
  return card(`${sentence} See ${outside(reference, 80)} in its log.`, [
    section(`⚠️ *${sentence}*\nLook at the status before you try again; the log says more under ${code(reference)}.`),
  ]);
}

export function noticeCard(mrkdwn: string): Card {
  return card(mrkdwn, [section(mrkdwn)]);
}
