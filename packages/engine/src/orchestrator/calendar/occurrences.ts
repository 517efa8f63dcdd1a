// The occurrences of a freeze in a span of time: pure, from the rule and, for a calendar, its text.

import type { FreezeSettings, WeekTime } from '../../config/freezes/settings.ts';
import { calendarOccurrences } from './ical.ts';
import { type Occurrence, occurrence, type Span } from './occurrence.ts';
import { temporal } from './temporal.ts';

/** Those that overlap `span`, in order. `text`: of the calendar, where the freeze is one. @throws on a bad calendar */
export function occurrencesOf(freeze: FreezeSettings, span: Span, text: string | undefined): readonly Occurrence[] {
  return all(freeze, span, text)
    .filter(({ from, to }) => from < span.to && to > span.from && from < to)
    .toSorted((one, other) => one.from - other.from);
}

function all(freeze: FreezeSettings, span: Span, text: string | undefined): readonly Occurrence[] {
  const { rule } = freeze;
  switch (rule.kind) {
    case 'weekly':
      return weekly(freeze, rule, span);
    case 'dates': {
      const { PlainDateTime } = temporal();
      return [occurrence(freeze, PlainDateTime.from(rule.from), PlainDateTime.from(rule.to))];
    }
    case 'calendar':
      return text === undefined ? [] : calendarOccurrences(freeze, span, text);
    default:
      return rule satisfies never;
  }
}

const week = 7;

function weekly(
  freeze: FreezeSettings,
  { from, to }: { readonly from: WeekTime; readonly to: WeekTime },
  span: Span,
): readonly Occurrence[] {
  const { Instant, PlainTime } = temporal();
  const dateAt = (at: number) => Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(freeze.zone).toPlainDate();
  // The one that began in the week before may last into the span.
  const before = dateAt(span.from).subtract({ days: week + 1 });
  const first = before.add({ days: (from.day - before.dayOfWeek + week) % week });
  const days = (to.day - from.day + week) % week;
  const lasts = days === 0 && to.time <= from.time ? week : days;
  const end = dateAt(span.to);
  const found: Occurrence[] = [];
  for (let day = first; day.since(end).days <= 0; day = day.add({ days: week }))
    found.push(
      occurrence(
        freeze,
        day.toPlainDateTime(PlainTime.from(from.time)),
        day.add({ days: lasts }).toPlainDateTime(PlainTime.from(to.time)),
      ),
    );
  return found;
}
