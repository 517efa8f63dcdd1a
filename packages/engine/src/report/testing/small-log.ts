// A log with one release or two, and a report of it.

import type { Report } from '../../api/report.ts';
import { createHistory } from '../history.ts';
import { reportOf } from '../report.ts';
import { createLog, type Log, production } from './rows.ts';

export const minute = 60_000;
export const day = 24 * 60 * minute;
const week = { since: 0, until: 7 * day, zone: 'UTC', local: { since: '', until: '' } };

export function reportFrom(
  { rows }: Log,
  change: Partial<Report['period'] & Report['scope']> = {},
  goals = {},
): Report {
  const history = createHistory();
  for (const row of rows) history.take(row);
  const { service, target, ...period } = change;
  const log = { first: rows[0], last: rows.length };
  return reportOf(history, { period: { ...week, ...period }, scope: { service, target }, goals, log });
}

export const v1 = { ...production, id: 'd_1', version: 'v1', slot: 'blue' } as const;
export const v2 = { ...production, id: 'd_2', version: 'v2', slot: 'green', from: 'v1' } as const;
export const back = { ...production, id: 'd_3', version: 'v1', slot: 'blue', from: 'v2', mode: 'rollback' } as const;

/** v1 is live from minute 1 on. */
export function logWithV1(): Log {
  const log = createLog();
  log.asked(0, v1);
  log.shared(minute, v1, 100);
  log.proved(minute + 500, v1);
  log.finished(2 * minute, v1, 'promoted', 'deploy');
  return log;
}

export function thenV2(log: Log, at: number): void {
  log.asked(at, v2);
  log.shared(at + minute, v2, 10);
  log.shared(at + 2 * minute, v2, 100);
  log.proved(at + 2 * minute + 500, v2);
  log.finished(at + 3 * minute, v2, 'promoted', 'deploy');
}
