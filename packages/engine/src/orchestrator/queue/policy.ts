// Pure: in which order requests begin, at what time, and when one is too late.

import { type Result, refuse } from '../../domain/refusal.ts';
import type { WaitingRow } from '../../state/waiting.ts';
import { temporal } from '../calendar/temporal.ts';
import { isZone, momentOf, parseWall, wallText } from '../calendar/wall-time.ts';

/** More than this is refused: no person reads a longer queue. */
export const mostWaiting = 20;
/** A scheduled deployment begins no later than this after its time: what people planned for then may not suit later. */
export const missedAfterMs = 15 * 60_000;
const furthestMs = 90 * 86_400_000;

export interface When {
  /** `2026-12-01 22:00` */
  readonly wall: string;
  readonly zone: string;
  readonly at: number;
  /** What a change of the clock did to it. */
  readonly moved: string | undefined;
}

/** `22:00` is the next one; `2026-12-01 22:00` that one. */
export function readWhen(text: string, zone: string, now: number): Result<When> {
  if (!isZone(zone))
    return refuse('text-invalid', `"${zone.slice(0, 60)}" is no IANA time zone`, 'Such as Europe/Berlin or UTC.');
  const wall = /^\d{1,2}:\d{2}$/.test(text) ? nextAt(text, zone, now) : parseWall(text);
  if (!wall)
    return refuse(
      'text-invalid',
      `"${text.slice(0, 40)}" is no time`,
      'A time is written 22:00, or with its date 2026-12-01 22:00.',
    );
  const { at, moved } = momentOf(wall, zone, 'begins');
  const when = { wall: wallText(wall), zone, at, moved };
  if (at <= now) return refuse('text-invalid', `${when.wall} ${zone} is over`, 'Name a time to come.');
  if (at > now + furthestMs)
    return refuse('text-invalid', `${when.wall} ${zone} is more than 90 days ahead`, 'Name an earlier time.');
  return { ok: true, value: when };
}

function nextAt(text: string, zone: string, now: number): ReturnType<typeof parseWall> {
  const today = temporal().Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate();
  const time = text.padStart(5, '0');
  const wall = parseWall(`${today.toString()} ${time}`);
  if (!wall || momentOf(wall, zone, 'begins').at > now) return wall;
  return parseWall(`${today.add({ days: 1 }).toString()} ${time}`);
}

/** By the rules of the zone as they are now. */
export function dueAt({ wall, zone, dueAt: stored }: Pick<WaitingRow, 'wall' | 'zone' | 'dueAt'>): number | undefined {
  const parsed = wall === null ? undefined : parseWall(wall);
  if (!parsed || zone === null) return stored ?? undefined;
  return momentOf(parsed, zone, 'begins').at;
}

export type Turn = 'wait' | 'begin' | 'missed';

/** Of a scheduled request. */
export function turnOf(row: Pick<WaitingRow, 'wall' | 'zone' | 'dueAt' | 'status'>, now: number): Turn {
  if (row.status !== 'scheduled') return 'begin';
  const due = dueAt(row);
  if (due === undefined || now < due) return 'wait';
  return now - due > missedAfterMs ? 'missed' : 'begin';
}

export interface EstimateInput {
  /** From 1. */
  readonly place: number;
  /** Of the last deployments, in ms. */
  readonly durations: readonly number[];
  /** Of the one that runs, in ms; undefined when none does. */
  readonly runningMs: number | undefined;
}

/** How long until it begins, by the median of what the last ones took; undefined without any. */
export function estimateMs({ place, durations, runningMs }: EstimateInput): number | undefined {
  const sorted = durations.toSorted((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) return undefined;
  const left = runningMs === undefined ? 0 : Math.max(0, median - runningMs);
  return left + (place - 1) * median;
}
