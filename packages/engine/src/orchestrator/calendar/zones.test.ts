// Windows against Luxon, which computes zones by itself: around both clock changes of every zone of one year, a moment is frozen
// where the wall clock that Luxon shows is inside the window.

import { DateTime, IANAZone } from 'luxon';
import { describe, expect, it } from 'vitest';
import type { FreezeSettings } from '../../config/freezes/settings.ts';
import type { Span } from './occurrence.ts';
import { occurrencesOf } from './occurrences.ts';

const year: Span = { from: Date.UTC(2026, 0, 1), to: Date.UTC(2027, 0, 1) };
const hourMs = 3_600_000;
const zones = Intl.supportedValuesOf('timeZone').filter((zone) => IANAZone.isValidZone(zone));

/** By bisection over the offsets that Luxon gives. */
function changesOf(zone: string): readonly number[] {
  const { from, to } = year;
  const offset = (at: number) => new IANAZone(zone).offset(at);
  const found: number[] = [];
  for (let at = from; at < to; at += 24 * hourMs) {
    if (offset(at) === offset(at + 24 * hourMs)) continue;
    let low = at;
    let high = at + 24 * hourMs;
    while (high - low > 1_000) {
      const middle = (low + high) / 2;
      if (offset(middle) === offset(at)) low = middle;
      else high = middle;
    }
    found.push(Math.round(high / 60_000) * 60_000);
  }
  return found;
}

const changing = zones.map((zone) => ({ zone, changes: changesOf(zone) }));

const weekly = (zone: string, from: string, to: string): FreezeSettings => {
  const parse = (text: string) => ({ day: Number(text[0]), time: text.slice(2) });
  return { name: 'w', zone, override: 'approvers', rule: { kind: 'weekly', from: parse(from), to: parse(to) } };
};

/** Minutes since Monday 00:00 on the wall clock. */
const minuteOfWeek = (at: number, zone: string): number => {
  const wall = DateTime.fromMillis(at, { zone });
  return (wall.weekday - 1) * 1_440 + wall.hour * 60 + wall.minute;
};

const minuteIn = (text: string): number =>
  (Number(text[0]) - 1) * 1_440 + Number(text.slice(2, 4)) * 60 + Number(text.slice(5));

function isInside(minute: number, from: string, to: string): boolean {
  const [first, last] = [minuteIn(from), minuteIn(to)];
  return first < last ? minute >= first && minute < last : minute >= first || minute < last;
}

const moments = changing.flatMap(({ zone, changes }) =>
  (changes.length > 0 ? changes : [Date.UTC(2026, 2, 29, 1)]).map((change) => ({ zone, change })),
);

const every = (minutes: number, { from, to }: Span): readonly number[] =>
  Array.from({ length: (to - from) / (minutes * 60_000) }, (_, index) => from + index * minutes * 60_000);

const isFrozen = (found: readonly Span[], at: number): boolean => found.some(({ from, to }) => from <= at && at < to);

/** Moments at which Luxon's wall clock is in one of some windows around the change, and which are not frozen. */
function openAround(zone: string, change: number): readonly string[] {
  const wall = DateTime.fromMillis(change, { zone });
  const span = { from: change - 6 * hourMs, to: change + 6 * hourMs };
  const windows = [
    [40, 20],
    [90, 10],
    [-10, 25],
    [-70, 80],
  ] as const;
  return windows.flatMap(([before, after]) => {
    const begins = wall.minus({ minutes: before });
    const ends = begins.plus({ minutes: before + after });
    const [from, to] = [begins, ends].map((each) => `${each.weekday} ${each.toFormat('HH:mm')}`) as [string, string];
    const found = occurrencesOf(weekly(zone, from, to), span, undefined);
    return every(5, span)
      .filter((at) => isInside(minuteOfWeek(at, zone), from, to) && !isFrozen(found, at))
      .map((at) => `${zone} ${from} to ${to} at ${new Date(at).toISOString()}`);
  });
}

describe('over all zones of one year', () => {
  it('there are zones with two changes, with one and with none', () => {
    const counts = Map.groupBy(changing, ({ changes }) => changes.length);
    expect(zones.length).toBeGreaterThan(400);
    expect(counts.get(2)?.length).toBeGreaterThan(100);
    expect(counts.get(0)?.length).toBeGreaterThan(200);
  });

  it.each([
    ['5 16:00', '1 08:00'],
    ['7 00:30', '7 03:30'],
    ['6 22:00', '7 02:15'],
  ])('from %s to %s: frozen is what the wall clock says', (from, to) => {
    const wrong: string[] = [];
    let compared = 0;
    for (const { zone, change } of moments) {
      const span = { from: change - 30 * hourMs, to: change + 30 * hourMs };
      const found = occurrencesOf(weekly(zone, from, to), span, undefined);
      // Between both passes of an hour that exists twice, and after a gap, the window is the longer one.
      for (const at of every(30, span).filter((each) => Math.abs(each - change) >= 2 * hourMs)) {
        compared += 1;
        if (isFrozen(found, at) !== isInside(minuteOfWeek(at, zone), from, to))
          wrong.push(`${zone} ${new Date(at).toISOString()}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(50_000);
  });

  it('no moment that the wall clock shows inside a window is open, also at a change', () => {
    const open: string[] = [];
    for (const { zone, changes } of changing) for (const change of changes) open.push(...openAround(zone, change));
    expect(open).toEqual([]);
  });

  it('a beginning or end in a gap is moved and said; one that exists twice holds both', () => {
    let gaps = 0;
    let overlaps = 0;
    for (const { zone, changes } of changing)
      for (const change of changes) {
        const zoneOf = new IANAZone(zone);
        const shift = zoneOf.offset(change) - zoneOf.offset(change - 1_000);
        // The wall clock in the middle of the gap or of the first pass, by the offset before the change.
        const middle = (edge: number) =>
          DateTime.fromMillis(change + edge * 60_000 + zoneOf.offset(change - 1_000) * 60_000, { zone: 'utc' });
        const [first, last] = shift > 0 ? [shift / 3, (2 * shift) / 3] : [(2 * shift) / 3, shift / 3];
        const text = (wall: DateTime) => wall.toFormat("yyyy-MM-dd'T'HH:mm");
        const rule = { kind: 'dates', from: text(middle(first)), to: text(middle(last)) } as const;
        const [found] = occurrencesOf({ name: 'd', zone, override: 'nobody', rule }, year, undefined);
        expect(found?.moved, zone).toHaveLength(2);
        if (shift > 0) {
          gaps += 1;
          expect(found, zone).toMatchObject({ from: change, to: change + last * 60_000 });
        } else {
          overlaps += 1;
          expect(found, zone).toMatchObject({ from: change + first * 60_000, to: change + (last - shift) * 60_000 });
        }
      }
    expect(gaps).toBeGreaterThan(100);
    expect(overlaps).toBeGreaterThan(100);
  });
});
