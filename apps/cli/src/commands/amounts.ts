// Numbers and times as options: read completely or refused.

import { parseDuration } from '@bg/engine';
import { usageError } from '../usage.ts';

export function readCount(
  option: string,
  text: string | undefined,
  { otherwise, most }: { readonly otherwise: number; readonly most: number },
): number {
  if (text === undefined) return otherwise;
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count <= most)) throw usageError(`${option} takes a whole number up to ${most}, not "${text}".`);
  return count;
}

/** `2h` in milliseconds. */
export function readDuration(option: string, text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw usageError(`${option} takes a duration like 30m, 2h or 7d, not "${text}".`);
  }
}

const date = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/**
 * `2h` (ago), or a date as ISO 8601 has it, as milliseconds since the epoch. A date alone is its midnight in UTC; a time
 * without `Z` or an offset is one of this machine's zone.
 */
export function readMoment(option: string, text: string, now: number): number {
  if (/^\d+[a-z]+$/.test(text)) return now - readDuration(option, text);
  const [, day = ''] = date.exec(text) ?? [];
  // 30 February would be read as a day of March.
  const exists = day !== '' && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day) === true;
  const at = exists ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw usageError(
      `${option} takes a duration like 2h or a date like 2026-03-07 or 2026-03-07T14:00+01:00, not "${text}".`,
    );
  return at;
}
