// Calendars as people's programs write them: recurrences, exceptions, zones by IANA name and by definition, whole days.

import { describe, expect, it } from 'vitest';
import { calendarOccurrences } from './ical.ts';

const freeze = { name: 'company', zone: 'Europe/Berlin' };
const year = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2027, 0, 1) };

const text = (...lines: readonly string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//', ...lines, 'END:VCALENDAR', ''].join('\r\n');

const event = (...lines: readonly string[]): readonly string[] => [
  'BEGIN:VEVENT',
  'UID:one@test',
  'DTSTAMP:20260101T000000Z',
  ...lines,
  'END:VEVENT',
];

const spans = (calendar: string, span = year) =>
  calendarOccurrences(freeze, span, calendar)
    .filter(({ from, to }) => from < span.to && to > span.from)
    .map(({ from, to }) => [new Date(from).toISOString().slice(0, 16), new Date(to).toISOString().slice(0, 16)]);

describe('an event', () => {
  it('in its zone, in UTC, without a zone, and of whole days', () => {
    const calendar = text(
      ...event(
        'SUMMARY:a',
        'DTSTART;TZID=America/New_York:20260701T180000',
        'DTEND;TZID=America/New_York:20260702T060000',
      ),
      ...event('SUMMARY:b', 'DTSTART:20260801T180000Z', 'DURATION:PT2H').map((line) => line.replace('one', 'two')),
      ...event('SUMMARY:c', 'DTSTART:20260901T180000', 'DTEND:20260901T190000').map((line) =>
        line.replace('one', 'three'),
      ),
      ...event('SUMMARY:d', 'DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227').map((line) =>
        line.replace('one', 'four'),
      ),
    );
    expect(spans(calendar)).toEqual([
      ['2026-07-01T22:00', '2026-07-02T10:00'],
      ['2026-08-01T18:00', '2026-08-01T20:00'],
      ['2026-09-01T16:00', '2026-09-01T17:00'],
      ['2026-12-23T23:00', '2026-12-26T23:00'],
    ]);
  });

  it('repeats on the wall clock, across the change of the clocks, without what is excepted, moved or cancelled', () => {
    const zone = 'TZID=Europe/Berlin';
    const calendar = text(
      ...event(
        `DTSTART;${zone}:20260320T160000`,
        `DTEND;${zone}:20260320T180000`,
        'RRULE:FREQ=WEEKLY;COUNT=6',
        `EXDATE;${zone}:20260403T160000`,
      ),
      ...event(
        `RECURRENCE-ID;${zone}:20260410T160000`,
        `DTSTART;${zone}:20260410T200000`,
        `DTEND;${zone}:20260410T210000`,
      ),
      ...event(
        `RECURRENCE-ID;${zone}:20260417T160000`,
        'STATUS:CANCELLED',
        `DTSTART;${zone}:20260417T160000`,
        `DTEND;${zone}:20260417T180000`,
      ),
    );
    expect(spans(calendar)).toEqual([
      ['2026-03-20T15:00', '2026-03-20T17:00'],
      ['2026-03-27T15:00', '2026-03-27T17:00'],
      ['2026-04-10T18:00', '2026-04-10T19:00'],
      ['2026-04-24T14:00', '2026-04-24T16:00'],
    ]);
  });

  it('with a zone that the calendar defines itself', () => {
    const calendar = text(
      'BEGIN:VTIMEZONE',
      'TZID:W. Somewhere Standard Time',
      'BEGIN:STANDARD',
      'DTSTART:16010101T000000',
      'TZOFFSETFROM:+0300',
      'TZOFFSETTO:+0300',
      'END:STANDARD',
      'END:VTIMEZONE',
      ...event('DTSTART;TZID=W. Somewhere Standard Time:20260701T120000', 'DURATION:PT1H'),
    );
    expect(spans(calendar)).toEqual([['2026-07-01T09:00', '2026-07-01T10:00']]);
  });

  it('that begins in a gap says that it was moved', () => {
    const calendar = text(
      ...event('DTSTART;TZID=Europe/Berlin:20260329T023000', 'DTEND;TZID=Europe/Berlin:20260329T060000'),
    );
    expect(calendarOccurrences(freeze, year, calendar)[0]?.moved).toEqual([
      '2026-03-29 02:30 does not exist in Europe/Berlin: it begins at 2026-03-29 03:00',
    ]);
  });
});

describe('refused with what is wrong', () => {
  it.each([
    ['a page', '<html>sign in</html>', /./],
    ['nothing', '', /./],
    ['another component', 'BEGIN:VCARD\r\nEND:VCARD', /no iCalendar/],
    [
      'a zone that is neither known nor defined',
      text(...event('DTSTART;TZID=Mars/Olympus:20260701T120000', 'DURATION:PT1H')),
      /the zone "Mars\/Olympus", which is no IANA zone/,
    ],
    [
      'a rule that repeats every second',
      text(...event('DTSTART:20200101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY')),
      /more than 20000 repetitions/,
    ],
  ])('%s', (_, calendar, message) => {
    expect(() => calendarOccurrences(freeze, year, calendar)).toThrow(message);
  });

  it('a rule that never comes true ends', () => {
    const calendar = text(
      ...event('DTSTART:20260101T000000Z', 'DURATION:PT1H', 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'),
    );
    let found: unknown;
    try {
      found = spans(calendar);
    } catch (thrown) {
      found = thrown;
    }
    expect(found).toBeDefined();
  });
});
