// A deployment that waits: its place or time, and the buttons that take it out or put it first.

import { shortName, type TargetView, type WaitingView } from '@bg/engine';
import { actions, button, type Card, card, section } from './blocks.ts';
import { dateTime, outside } from './text.ts';

const cancelAction = 'cancel-waiting';
export const firstAction = 'first-waiting';

export const isWaitingAction = (name: string): boolean => name === firstAction || name === cancelAction;

export function waitingCard(view: WaitingView): Card {
  const text = `🕒 ${waitingSentence(view)}`;
  return card(text, [section(text), ...buttonsOf(view)]);
}

/** Slack shows at most 50 blocks. */
const mostShown = 20;

export function queueCard(waiting: readonly WaitingView[]): Card {
  if (waiting.length === 0) return card('🕒 Nothing waits.', [section('🕒 Nothing waits.')]);
  return card(
    `🕒 ${waiting.length} wait`,
    waiting.slice(0, mostShown).flatMap((view) => [section(`🕒 ${waitingSentence(view)}`), ...buttonsOf(view)]),
  );
}

const buttonsOf = (view: WaitingView) => [
  actions(
    [...(view.place === 1 || view.firstBecause !== undefined ? [] : [firstButton(view)]), cancelButton(view)],
    `waiting:${waitingId(view)}`,
  ),
];

/** A build may wait for several targets. */
export const waitingId = ({ id, build, service, target }: WaitingView): string =>
  build === undefined ? id : `build-${build}@${service}/${target}`;

const firstButton = (view: WaitingView) =>
  button({ actionId: `deploy.${firstAction}`, label: 'Put first…', value: waitingId(view) });

const cancelButton = (view: WaitingView) =>
  button({ actionId: `deploy.${cancelAction}`, label: 'Cancel…', value: waitingId(view), style: 'danger' });

function waitingSentence(view: WaitingView): string {
  const what = `*${outside(view.name, 80)}* ${outside(view.version, 64)} (${view.id})`;
  const notes = view.notes.map((note) => ` ⚠️ ${outside(note, 200)}.`).join('');
  if (view.due !== undefined && view.place === undefined)
    return `${what} is deployed at ${outside(`${view.due.wall} ${view.due.zone}`, 80)} (${dateTime(view.due.at)}).${notes}`;
  const expected = view.expectedAt === undefined ? '' : `, expected to begin ${dateTime(view.expectedAt)}`;
  return `${what} waits in place ${view.place ?? '?'}${expected}.${notes}`;
}

/** For the status of a target. */
export function waitingLine({ waiting = [] }: TargetView): string | undefined {
  if (waiting.length === 0) return undefined;
  const shown = waiting.slice(0, 3).map((view) => {
    const when =
      view.place === undefined && view.due !== undefined
        ? `at ${view.due.wall} ${view.due.zone}`
        : `place ${view.place}`;
    return `${outside(view.version, 64)} (${outside(when, 80)}, ${outside(shortName(view.requestedBy), 60)})`;
  });
  const more = waiting.length > 3 ? ` and ${waiting.length - 3} more` : '';
  return `🕒 Waits: ${shown.join(', ')}${more}`;
}
