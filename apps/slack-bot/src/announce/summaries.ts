// The summary of a day or a week: once per period, whichever process runs and however its clock is set. A period that
// ended while no bot ran is posted late; of several, only the last one.

import { type Clock, type Engine, headlineOf, type Log, messageOf, type Report } from '@bg/engine';
import { putOnce } from '../outbox/messages.ts';

interface SummaryParts {
  readonly engine: Pick<Engine, 'cursor' | 'moveCursor' | 'outbox' | 'reports' | 'settings'>;
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 15_000;

interface Summaries {
  /** Begins one where it is due; announcements do not wait for it. */
  look(): void;
  ended(): Promise<void>;
}

export function createSummaries(parts: SummaryParts, signal: AbortSignal): Summaries {
  const { clock, log } = parts;
  let nextAt = 0;
  let running: Promise<void> | undefined;
  return {
    look: () => {
      if (running || clock.monotonic() < nextAt) return;
      nextAt = clock.monotonic() + lookEveryMs;
      running = postDue(parts, signal)
        .catch((thrown: unknown) =>
          log.error({ problem: messageOf(thrown) }, 'the summary could not be made; trying again'),
        )
        .finally(() => {
          running = undefined;
        });
    },
    ended: async () => running,
  };
}

async function postDue({ engine, log }: SummaryParts, signal: AbortSignal): Promise<void> {
  const { settings } = engine;
  const { summary } = settings.report;
  const channel = summary?.channel ?? settings.targets[0]?.channel;
  if (!summary || channel === undefined) return;
  const consumer = `slack-summary-${summary.every}`;
  const last = engine.cursor(consumer);
  const due = engine.reports.dueSummary(last);
  if (!due) return;
  // Switched on just now, the first one is of the next period. A clock that was set back brings up no older one.
  if (last !== 0 && due.day > last) {
    const report = await engine.reports.of(due.request);
    if (signal.aborted) return;
    if (report.ok)
      // The key holds the period: a clock that is set back, or a second process, makes no second message.
      putOnce(engine.outbox, {
        key: `summary:${due.every}:${due.day}`,
        kind: 'summary',
        payload: { ...factsOf(report.value), every: due.every, missed: due.missed, channel },
        urgent: true,
      });
    else log.error({ problem: report.refusal.sentence }, 'there is no summary of this period');
  }
  engine.moveCursor(consumer, due.day);
}

const factsOf = ({ period, figures, goals, targets }: Report) => ({
  period,
  figures,
  goals,
  targets: targets.map((each) => ({ name: `${each.service}/${each.target}`, headline: headlineOf(each) })),
});
