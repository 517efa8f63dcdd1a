// To an approver: a release needs an approval, with a link to its card. Edited when it is decided.

import type { DeploymentView } from '@bg/engine';
import { type Card, card, section } from './blocks.ts';
import { asksFor } from './parts.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { emojiOf, headline, subject } from './stage.ts';
import { dateTime, link, outside } from './text.ts';

interface Shown {
  readonly view: DeploymentView;
  /** The approval that the message is about. */
  readonly id: string;
  /** Of the card, when it is known. */
  readonly address: string | undefined;
}

/** It waits for a decision still. */
export const isAsked = ({ approval, outcome }: DeploymentView, id: string): boolean =>
  outcome === undefined && approval?.id === id && approval.status === 'pending';

export function approvalDirectCard({ view, id, address }: Shown, formatter: PeopleFormatter): Card {
  const what = outside(subject(view), 150);
  const where = address === undefined ? '' : ` ${link(address, 'Open the card')}`;
  const { approval } = view;
  if (approval === undefined || !isAsked(view, id)) {
    const by = approval?.id === id && approval.decidedBy !== undefined ? ` ${decidedText(approval, formatter)}.` : '';
    const text = `${emojiOf(view)} *${what}* needs your approval no more:${by} It is ${outside(headline(view), 150)} now.${where}`;
    return card(text, [section(text)]);
  }
  const at = view.percent > 0 ? ` ${view.percent}% of users have it.` : '';
  const text = `🔒 *${what} needs your approval.*${at}${where}`;
  return card(text, [
    section(`${text}\n${asksFor(view, approval, formatter)} Expires ${dateTime(approval.deadlineAt)}.`),
  ]);
}

function decidedText(
  { status, decidedBy = '' }: NonNullable<DeploymentView['approval']>,
  formatter: PeopleFormatter,
): string {
  const who =
    decidedBy.includes(':') || decidedBy === 'engine' ? formatter.actor(decidedBy) : formatter.person(decidedBy);
  return `${status} by ${who}`;
}
