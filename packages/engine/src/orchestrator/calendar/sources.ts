// Where the text of a calendar comes from: a file, or the last good copy of a URL that the controller keeps in the state folder.
// Every process reads the same copy, so a gate waits for no network.

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type FreezeSettings, isUrl } from '../../config/freezes/settings.ts';
import { BlueGreenError, messageOf } from '../../lib/errors.ts';
import { isMissing } from '../../lib/files.ts';
import { decodeText } from '../../lib/text-file.ts';
import type { Core, Target } from '../core.ts';
import { mostCalendarBytes } from './ical.ts';
import type { Occurrence, Span } from './occurrence.ts';
import { occurrencesOf } from './occurrences.ts';
import type { FreezeSource } from './policy.ts';

/** Where the copy of a URL is. */
export const copyOf = (stateFolder: string, url: string): string =>
  join(stateFolder, 'calendars', `${createHash('sha256').update(url).digest('hex').slice(0, 24)}.ics`);

/** A calendar's URL often holds a key that gives access to it: people see where it is, not the key. */
export const shownSource = (source: string): string => (isUrl(source) ? new URL(source).origin : source);

export function freezeSources({ settings: { stateFolder } }: Core, { settings }: Target): readonly FreezeSource[] {
  return (settings.freezes ?? []).map((freeze) => ({
    freeze,
    occurrences: (span) => occurrences(freeze, span, stateFolder),
  }));
}

function occurrences(freeze: FreezeSettings, span: Span, stateFolder: string): readonly Occurrence[] {
  const { rule } = freeze;
  if (rule.kind !== 'calendar') return occurrencesOf(freeze, span, undefined);
  const path = isUrl(rule.source) ? copyOf(stateFolder, rule.source) : rule.source;
  return fromFile(freeze, span, { path, source: rule.source });
}

interface Expanded {
  readonly stamp: string;
  readonly span: Span;
  readonly found: readonly Occurrence[];
  /** What is wrong with the text: it is not read again before it changes. */
  readonly fault?: unknown;
}

/** By freeze: the rules of a calendar are expanded once for the days around, and again when its file has changed. */
const expanded = new WeakMap<FreezeSettings, Expanded>();
const behindMs = 86_400_000;
const aheadMs = 70 * 86_400_000;

function fromFile(
  freeze: FreezeSettings,
  span: Span,
  { path, source }: { readonly path: string; readonly source: string },
): readonly Occurrence[] {
  const stamp = stampOf(path, source);
  const before = expanded.get(freeze);
  const fits = before?.stamp === stamp && before.span.from <= span.from && before.span.to >= span.to;
  if (fits) return before.found.filter(({ from, to }) => from < span.to && to > span.from);
  if (before?.stamp === stamp && before.fault !== undefined) throw before.fault;
  const wide = { from: span.from - behindMs, to: Math.max(span.to, span.from + aheadMs) };
  try {
    const found = occurrencesOf(freeze, wide, readCalendar(path));
    expanded.set(freeze, { stamp, span: wide, found });
    return found.filter(({ from, to }) => from < span.to && to > span.from);
  } catch (thrown) {
    expanded.set(freeze, { stamp, span: wide, found: [], fault: thrown });
    throw thrown;
  }
}

function stampOf(path: string, source: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch (thrown) {
    if (!isMissing(thrown)) throw new BlueGreenError('no-permission', `${path}: ${messageOf(thrown)}`, {}, thrown);
    throw new BlueGreenError(
      'not-found',
      isUrl(source) ? `${shownSource(source)} has not been read yet` : `there is no file ${path}`,
    );
  }
}

/** @throws Error that says what is wrong with the file */
function readCalendar(path: string): string {
  const bytes = readFileSync(path);
  if (bytes.length > mostCalendarBytes) throw new Error(`${path} is larger than ${mostCalendarBytes} bytes`);
  const { text, fault } = decodeText(bytes);
  if (text === undefined) throw new Error(`${path} ${fault}`);
  return text;
}
