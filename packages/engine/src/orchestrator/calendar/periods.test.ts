import { expect, test } from 'vitest';
import { lastEnded, momentFrom } from './periods.ts';

const at = (text: string): number => Date.parse(text);
const berlin = { every: 'day', at: '09:00', zone: 'Europe/Berlin' } as const;
const shown = ({ from, to }: { readonly from: number; readonly to: number }): readonly string[] =>
  [from, to].map((each) => new Date(each).toISOString().slice(0, 16));

test('a day is due at its hour of the next day, and not before', () => {
  expect(shown(lastEnded(berlin, at('2026-11-30T07:59:59Z')))).toEqual(['2026-11-27T23:00', '2026-11-28T23:00']);
  expect(shown(lastEnded(berlin, at('2026-11-30T08:00:00Z')))).toEqual(['2026-11-28T23:00', '2026-11-29T23:00']);
});

test('a week is due on Monday, of the week before', () => {
  const weekly = { ...berlin, every: 'week' } as const;
  for (const now of ['2026-11-30T08:00:00Z', '2026-12-03T12:00:00Z', '2026-12-07T07:59:00Z'])
    expect(shown(lastEnded(weekly, at(now)))).toEqual(['2026-11-22T23:00', '2026-11-29T23:00']);
  expect(shown(lastEnded(weekly, at('2026-11-30T07:59:00Z')))).toEqual(['2026-11-15T23:00', '2026-11-22T23:00']);
});

test('a day has 23 or 25 hours where the clock changes, and its summary an hour that exists', () => {
  expect(shown(lastEnded(berlin, at('2026-03-30T07:00:00Z')))).toEqual(['2026-03-28T23:00', '2026-03-29T22:00']);
  expect(shown(lastEnded(berlin, at('2026-10-26T08:00:00Z')))).toEqual(['2026-10-24T22:00', '2026-10-25T23:00']);
  const inGap = { ...berlin, at: '02:30' };
  expect(new Date(lastEnded(inGap, at('2026-03-29T12:00:00Z')).dueAt).toISOString()).toBe('2026-03-29T01:00:00.000Z');
});

test.each(['Europe/Berlin', 'Pacific/Auckland', 'Africa/Cairo'])(
  'in %s the days of a year follow one another, each once',
  (zone) => {
    const rule = { every: 'day', at: '09:00', zone } as const;
    let before = lastEnded(rule, at('2026-01-01T00:00:00Z'));
    let days = 0;
    for (let now = at('2026-01-01T00:00:00Z'); now < at('2027-01-02T00:00:00Z'); now += 12 * 3_600_000) {
      const ended = lastEnded(rule, now);
      expect(ended.dueAt).toBeLessThanOrEqual(now);
      if (ended.day !== before.day) {
        expect([ended.from, ended.day]).toEqual([before.to, before.day + 1]);
        days += 1;
      }
      before = ended;
    }
    expect(days).toBeGreaterThanOrEqual(365);
  },
);

test.each([
  ['2026-12-01', '2026-11-30T23:00:00.000Z'],
  ['2026-12-01 09:30', '2026-12-01T08:30:00.000Z'],
])('%s is a moment of its zone', (text, moment) => {
  expect(new Date(momentFrom(text, 'Europe/Berlin') ?? 0).toISOString()).toBe(moment);
});

test.each(['2026-02-30', '7d', '', '2026-12-01T09:30Z'])('“%s” is none', (text) => {
  expect(momentFrom(text, 'UTC')).toBeUndefined();
});
