// The last deployments of a target, newest first.

import type { DeploymentView } from '@bg/engine';
import { type Card, card, header, section } from './blocks.ts';
import { endSentence, type LiveEnd, liveEnd } from './live-end.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { emojiOf, headline, subject } from './stage.ts';
import { code, dateTime, join, outside } from './text.ts';
import { timelineButton } from './timeline-button.ts';

export const historyLength = 10;

interface Past {
  readonly name: string;
  /** Newest first. */
  readonly deployments: readonly DeploymentView[];
  /** The version that users get. */
  readonly active: string | undefined;
}

export function historyCard({ name, deployments, active }: Past, formatter: PeopleFormatter): Card {
  const title = `Last deployments of ${outside(name, 80)}`;
  if (deployments.length === 0) return card(`${title}: none yet.`, [section(`*${title}*: none yet.`)]);
  const shown = deployments.slice(0, historyLength).map((view) => ({ view, end: liveEnd(view, deployments, active) }));
  return card(`${title}: ${shown.slice(0, 3).map(short).join('; ')}.`, [
    header(title),
    ...shown.map((one) => ({ ...section(entry(one, formatter)), accessory: timelineButton(one.view.id) })),
  ]);
}

interface Shown {
  readonly view: DeploymentView;
  readonly end: LiveEnd | undefined;
}

const short = ({ view, end }: Shown): string => outside(`${subject(view)}, ${headline(view, end)}`, 160);

function entry({ view, end }: Shown, formatter: PeopleFormatter): string {
  const ended = view.outcome === undefined ? undefined : outside(view.outcome.sentence, 200);
  return `${emojiOf(view, end)} *${short({ view, end })}*\n${join(
    dateTime(view.requestedAt),
    `by ${formatter.actor(view.requestedBy)}`,
    end === undefined ? ended : endSentence(end).replace(/\.$/, ''),
    code(view.id),
  )}`;
}
