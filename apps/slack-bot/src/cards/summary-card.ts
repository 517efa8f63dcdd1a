// What was deployed in a day or a week, readable on a phone: the first line says what happened, the rest is for those who
// go on.

import { figureRows, goalRows, headlineOf, type Report } from '@bg/engine';
import { type Card, card, context, section } from './blocks.ts';
import { outside } from './text.ts';

export type SummaryFacts = Pick<Report, 'period' | 'figures' | 'goals'> & {
  readonly every: 'day' | 'week';
  /** Periods before this one that had no summary, since no bot ran. */
  readonly missed: number;
  readonly targets: readonly { readonly name: string; readonly headline: string }[];
};

/** A card with more would be no summary. */
const mostTargets = 10;

export function summaryCard({ period, figures, goals, every, missed, targets }: SummaryFacts): Card {
  const title = `📊 *Last ${every}*: ${outside(headlineOf({ figures }), 250)}`;
  return card(title, [
    section(title),
    sectionOf(figureRows(figures).map(({ label, text }) => `*${label}* ${outside(text, 250)}`)),
    sectionOf(goalRows(goals).map(({ label, text, isMet }) => `${signOf(isMet)} *${label}* ${outside(text, 250)}`)),
    sectionOf(targetLines(targets)),
    context([outside(periodOf(period), 120), ...missedLine(missed, every)].join('\n')),
  ]);
}

const sectionOf = (lines: readonly string[]) => (lines.length === 0 ? undefined : section(lines.join('\n')));

const signOf = (isMet: boolean | undefined): string => (isMet === undefined ? '⚪' : isMet ? '🟢' : '🔴');

function targetLines(targets: SummaryFacts['targets']): readonly string[] {
  const lines = targets
    .slice(0, mostTargets)
    .map(({ name, headline }) => `*${outside(name, 80)}* ${outside(headline, 200)}`);
  const left = targets.length - lines.length;
  return left > 0 ? [...lines, `… and ${left} more`] : lines;
}

function periodOf({ zone, local }: Report['period']): string {
  const short = (text: string) => text.replace(` ${zone}`, '');
  return `${short(local.since)} to ${short(local.until)} ${zone}`;
}

function missedLine(missed: number, every: 'day' | 'week'): readonly string[] {
  if (missed === 0) return [];
  const periods = missed === 1 ? `the ${every}` : `the ${missed} ${every}s`;
  return [`There was no summary of ${periods} before, since no bot ran: \`bg report --since\` has it.`];
}
