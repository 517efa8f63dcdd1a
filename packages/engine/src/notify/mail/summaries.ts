// Puts the summary of a day or a week into the outbox, once per period and person, whichever process runs and however its
// clock is set. A period that ended while no process sent mail is sent late; of several, only the last one.

import { findPerson } from '../../config/people/people.ts';
import { pause } from '../../lib/clock.ts';
import { messageOf } from '../../lib/errors.ts';
import { patiently } from '../../state/patience.ts';
import { type MailParts, mailTransport } from './payload.ts';
import { type SummaryPayload, summaryOf } from './summary.ts';

const lookEveryMs = 15_000;

/** Until `signal` aborts. */
export async function sendSummaries(parts: MailParts, signal: AbortSignal): Promise<void> {
  const { summary } = parts.engine.settings.report;
  if (summary?.mail === undefined) return;
  while (!signal.aborted) {
    await putDue(parts, summary, signal).catch((thrown: unknown) =>
      parts.log.error({ problem: messageOf(thrown) }, 'the summary could not be made; trying again'),
    );
    await pause(parts.clock, lookEveryMs, signal);
  }
}

async function putDue(
  { engine, store, clock, log }: MailParts,
  { every, mail = [] }: { readonly every: 'day' | 'week'; readonly mail?: readonly string[] | undefined },
  signal: AbortSignal,
): Promise<void> {
  const consumer = `mail-summary-${every}`;
  const last = engine.cursor(consumer);
  const due = engine.reports.dueSummary(last);
  if (!due) return;
  const move = () => engine.moveCursor(consumer, due.day);
  // Switched on just now, the first one is of the next period. A clock that was set back brings up no older one.
  if (last === 0 || due.day <= last) return patiently(store.whenWritable, move, signal);
  const report = await engine.reports.of(due.request);
  if (signal.aborted) return;
  if (!report.ok) log.error({ problem: report.refusal.sentence }, 'there is no summary of this period');
  const summary = report.ok ? summaryOf(report.value, due) : undefined;
  const head = report.ok ? engine.audit.after(report.value.log.lastRow - 1, 1)[0] : undefined;
  const all = () => {
    for (const id of summary ? mail : []) {
      const person = findPerson(engine.settings, { id });
      // The key holds period and person: what a killed process has put already is not put again.
      const key = `mail:summary:${every}:${due.day}:${id}`;
      if (!summary || person?.email === undefined || engine.outbox.has(key)) continue;
      const to = { name: person.name ?? id, address: person.email };
      const payload: SummaryPayload = { to, summary, at: clock.now(), hash: head?.hash ?? '' };
      engine.outbox.put({ key, transport: mailTransport, kind: 'summary', payload });
    }
    move();
  };
  await patiently(store.whenWritable, all, signal);
}
