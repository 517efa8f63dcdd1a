// Wall time and zone to moments. What is stored is the wall time with its IANA zone; each occurrence is computed, since
// the rules of a zone change.

import type { Temporal } from 'temporal-polyfill';
import { temporal } from './temporal.ts';

/** Which end of a window: at a change of the clock, the window takes the longer side. */
export type Edge = 'begins' | 'ends';

export interface Moved {
  readonly at: number;
  /** What the clock change did to it; undefined where the wall time exists exactly once. */
  readonly moved: string | undefined;
}

/**
 * A wall time that does not exist (clocks go forward): a window begins at the end of the gap, and ends later by the length of
 * the gap. One that exists twice (clocks go back): a window begins at the first and ends at the second.
 */
export function momentOf(wall: Temporal.PlainDateTime, zone: string, edge: Edge): Moved {
  const earlier = wall.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = wall.toZonedDateTime(zone, { disambiguation: 'later' });
  if (earlier.epochMilliseconds === later.epochMilliseconds) return { at: later.epochMilliseconds, moved: undefined };
  if (later.toPlainDateTime().equals(wall)) {
    const at = edge === 'begins' ? earlier : later;
    const which = edge === 'begins' ? 'the first' : 'the second';
    return { at: at.epochMilliseconds, moved: `${wallText(wall)} exists twice in ${zone}: it ${edge} with ${which}` };
  }
  const at = edge === 'begins' ? (earlier.getTimeZoneTransition('next') ?? later) : later;
  return {
    at: at.epochMilliseconds,
    moved: `${wallText(wall)} does not exist in ${zone}: it ${edge} at ${wallText(at.toPlainDateTime())}`,
  };
}

/** `2026-12-18 18:00` */
export const wallText = (wall: Temporal.PlainDateTime): string =>
  `${wall.toPlainDate().toString()} ${wall.toPlainTime().toString({ smallestUnit: 'minute' })}`;

/** `2026-12-18 18:00 Europe/Berlin` */
export function localText(at: number, zone: string): string {
  const { Instant } = temporal();
  return `${wallText(Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime())} ${zone}`;
}

const known = new Map<string, boolean>();

/** An offset such as +01:00 is none: it knows no clock changes. */
export function isZone(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  const is = /^[A-Za-z]/.test(name) && isKnownToPlatform(name);
  if (known.size < 1_000) known.set(name, is);
  return is;
}

function isKnownToPlatform(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const wallPattern = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})$/;

/** Undefined for a text that is no date with a time, and for 30 February. */
export function parseWall(text: string): Temporal.PlainDateTime | undefined {
  const [, date, time] = wallPattern.exec(text) ?? [];
  if (date === undefined) return undefined;
  // Outside of the try: a library that cannot be loaded is no wrong text.
  const { PlainDateTime } = temporal();
  try {
    return PlainDateTime.from(`${date}T${time}`, { overflow: 'reject' });
  } catch {
    return undefined;
  }
}
