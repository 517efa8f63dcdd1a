// The summary of a day or a week as a mail: the same figures and words as in the channel and in `bg report`.

import type { DueSummary, Report } from '../../api/report.ts';
import { figureRows, goalRows, headlineOf } from '../../report/words.ts';
import { type Drawn, fill } from './draw.ts';
import type { Recipient } from './recipients.ts';
import type { Templates } from './templates.ts';

export type SummaryFacts = Pick<Report, 'period' | 'figures' | 'goals'> &
  Pick<DueSummary, 'every' | 'missed'> & {
    readonly targets: readonly { readonly name: string; readonly headline: string }[];
  };

/** What waits in the outbox, of the kind `summary`. */
export interface SummaryPayload {
  readonly to: Pick<Recipient, 'name' | 'address'>;
  readonly summary: SummaryFacts;
  /** When it was put (epoch ms). */
  readonly at: number;
  /** Of the newest audit row then, so that no other state makes the same message again. */
  readonly hash: string;
}

export const summaryOf = (report: Report, { every, missed }: DueSummary): SummaryFacts => ({
  period: report.period,
  figures: report.figures,
  goals: report.goals,
  targets: report.targets.map((each) => ({ name: `${each.service}/${each.target}`, headline: headlineOf(each) })),
  every,
  missed,
});

/** Nobody reads more to the end; `bg report` has all of them. */
const mostTargets = 50;

/** @throws BlueGreenError `template-invalid` */
export function drawSummary(templates: Templates, summary: SummaryFacts): Drawn {
  const { every, missed, targets, figures } = summary;
  return fill(templates, 'summary', {
    every,
    headline: headlineOf({ figures }),
    period: periodOf(summary),
    figures: figureRows(figures),
    goals: goalRows(summary.goals).map(({ label, text, isMet }) => ({
      label,
      text,
      state: isMet === undefined ? 'no figure' : isMet ? 'met' : 'missed',
    })),
    targets: targets.slice(0, mostTargets),
    more: Math.max(0, targets.length - mostTargets),
    missed: missed === 0 ? '' : missed === 1 ? `the ${every}` : `the ${missed} ${every}s`,
  });
}

function periodOf({ period: { zone, local } }: SummaryFacts): string {
  const short = (text: string) => text.replace(` ${zone}`, '');
  return `${short(local.since)} to ${short(local.until)} ${zone}`;
}
