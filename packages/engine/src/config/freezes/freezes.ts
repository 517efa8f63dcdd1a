// Windows in which nothing new is deployed: weekly, by dates, or from a calendar.

import { resolve as resolvePath } from 'node:path';
import { z } from 'zod';
import { choice, listOf, matching, text } from '../kit/values.ts';
import { zone } from '../kit/zones.ts';
import { type FreezeSettings, isUrl, type WeekTime } from './settings.ts';

const days: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export const weekTime = () =>
  matching(/^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d$/, 'a day and a time, such as fri 16:00');

const dateTime = () =>
  matching(/^\d{4}-\d{2}-\d{2}[ T]([01]\d|2[0-3]):[0-5]\d$/, 'a date and a time, such as 2026-12-18 18:00').refine(
    isDate,
    { error: 'a date that exists, such as 2026-12-18 18:00' },
  );

/** 30 February is none. */
function isDate(value: string): boolean {
  const day = value.slice(0, 10);
  const found = new Date(`${day}T00:00:00Z`);
  return Number.isNaN(found.getTime()) ? !/^\d{4}-\d{2}-\d{2}/.test(value) : found.toISOString().startsWith(day);
}

const freeze = z
  .strictObject({
    name: text().max(60, { error: 'a text of at most 60 characters' }).describe('Shown where it refuses; unique.'),
    zone: zone().describe('IANA zone of the times; in a calendar, of those that name none.'),
    weekly: z
      .strictObject({
        from: weekTime().describe('Day and time at which it begins each week.'),
        to: weekTime().describe('Day and time at which it ends.'),
      })
      .describe('A window of each week.')
      .optional(),
    from: dateTime().describe('Date and time at which it begins, once.').optional(),
    to: dateTime().describe('Date and time at which it ends.').optional(),
    calendar: matching(/^[^~\0\s][^\0]*$/, 'a path of an iCalendar file, or its http or https URL')
      .describe('An iCalendar file, or its URL: each of its events is a freeze.')
      .optional(),
    override: choice(['approvers', 'people', 'nobody'])
      .describe('Who may deploy all the same, with a reason. Default: approvers.')
      .optional(),
  })
  .describe('A window in which nothing new is deployed. It has weekly, or from and to, or calendar.');

export const freezes = listOf(freeze, 50).describe(
  'When nothing new is deployed. A bake and a rollback are never held up. Default: none.',
);

type FreezeFile = z.infer<typeof freeze>;

/** Undefined for none, so that a configuration without freezes keeps its digest. */
export function resolveFreezes(
  file: readonly FreezeFile[] | undefined,
  inFolder: (path: string) => string = resolvePath,
): readonly FreezeSettings[] | undefined {
  if (file === undefined || file.length === 0) return undefined;
  return file.map(({ name, zone: where, override = 'approvers', ...rule }) => ({
    name,
    zone: where,
    override,
    rule: ruleOf(rule, inFolder),
  }));
}

function ruleOf(
  { weekly, from = '', to = '', calendar }: Omit<FreezeFile, 'name' | 'zone' | 'override'>,
  inFolder: (path: string) => string,
): FreezeSettings['rule'] {
  if (weekly) return { kind: 'weekly', from: parseWeekTime(weekly.from), to: parseWeekTime(weekly.to) };
  if (calendar !== undefined) return { kind: 'calendar', source: isUrl(calendar) ? calendar : inFolder(calendar) };
  return { kind: 'dates', from: from.replace(' ', 'T'), to: to.replace(' ', 'T') };
}

export function parseWeekTime(written: string): WeekTime {
  const [day = '', time = ''] = written.split(' ');
  return { day: days.indexOf(day) + 1, time };
}
