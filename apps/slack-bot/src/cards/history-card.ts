// The last deployments of a target, newest first.

import type { DeploymentView } from '@bg/engine';
import { type Card, card, header, section } from './blocks.ts';
import type { PeopleFormatter } from './people-formatter.ts';
import { headline, stageEmoji, stageOf, subject } from './stage.ts';
import { code, dateTime, join, outside } from './text.ts';
import { timelineButton } from './timeline-button.ts';

export const historyLength = 10;

export function historyCard(name: string, deployments: readonly DeploymentView[], formatter: PeopleFormatter): Card {
  const title = `Last deployments of ${outside(name, 80)}`;
  if (deployments.length === 0) return card(`${title}: none yet.`, [section(`*${title}*: none yet.`)]);
  return card(`${title}: ${deployments.slice(0, 3).map(short).join('; ')}.`, [
    header(title),
    ...deployments.slice(0, historyLength).map((view) => ({
      ...section(entry(view, formatter)),
      accessory: timelineButton(view.id),
    })),
  ]);
}

const short = (view: DeploymentView): string => outside(`${subject(view)}, ${headline(view)}`, 160);

function entry(view: DeploymentView, formatter: PeopleFormatter): string {
  const ended = view.outcome === undefined ? undefined : outside(view.outcome.sentence, 200);
  return `${stageEmoji[stageOf(view)]} *${short(view)}*\n${join(
    dateTime(view.requestedAt),
    `by ${formatter.actor(view.requestedBy)}`,
    ended,
    code(view.id),
  )}`;
}
