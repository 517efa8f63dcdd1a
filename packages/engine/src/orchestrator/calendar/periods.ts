// Days and weeks in a time zone, as reports and summaries have them. A day is as long as the zone makes it: 23 hours where
// clocks go forward.

import type { Temporal } from 'temporal-polyfill';
import { temporal } from './temporal.ts';
import { momentOf, parseWall } from './wall-time.ts';

export interface Period {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** A period that ended, and the moment at which its summary is due. */
export interface EndedPeriod extends Period {
  /** Number of the local day that follows it. */
  readonly day: number;
  readonly dueAt: number;
}

export interface PeriodRule {
  readonly every: 'day' | 'week';
  /** `09:00` */
  readonly at: string;
  readonly zone: string;
}

/** The last one whose summary is due. A week begins on Monday. */
export function lastEnded({ every, at, zone }: PeriodRule, now: number): EndedPeriod {
  const { Instant, PlainTime } = temporal();
  const today = Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate();
  const time = PlainTime.from(at);
  const latest = every === 'day' ? today : today.subtract({ days: today.dayOfWeek - 1 });
  const dueOn = (date: Temporal.PlainDate) => momentOf(date.toPlainDateTime(time), zone, 'begins').at;
  const length = every === 'day' ? { days: 1 } : { weeks: 1 };
  const end = dueOn(latest) <= now ? latest : latest.subtract(length);
  return {
    from: startOf(end.subtract(length), zone),
    to: startOf(end, zone),
    day: dayNumber(end),
    dueAt: dueOn(end),
  };
}

const startOf = (date: Temporal.PlainDate, zone: string): number => momentOf(date.toPlainDateTime(), zone, 'begins').at;

const dayMs = 86_400_000;

const dayNumber = (date: Temporal.PlainDate): number =>
  Math.round(date.toZonedDateTime('UTC').epochMilliseconds / dayMs);

/** A date, or a date with a time; undefined for another text. */
export function momentFrom(text: string, zone: string): number | undefined {
  const wall = parseWall(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text} 00:00` : text);
  return wall && momentOf(wall, zone, 'begins').at;
}
