// How large the next batch is and how long it waits: the service comes first. Pure.

import type { BackfillBatch } from '../database.ts';

export interface Pace {
  /** Rows of the next batch. */
  readonly size: number;
  /** Pause before it. */
  readonly sleepMs: number;
  /** Of late, pauses included. */
  readonly msPerRow: number | undefined;
}

const smallest = 10;
const largest = 50_000;
const longestSleepMs = 10_000;
/** One batch weighs this much in the average: the time left follows the load of the last dozen. */
const weight = 0.15;

export const firstPace = (size: number): Pace => ({ size, sleepMs: 0, msPerRow: undefined });

export function nextPace({ size, msPerRow }: Pace, { rows, tookMs, pressed }: BackfillBatch, targetMs: number): Pace {
  const factor = pressed ? 0.5 : clamp(targetMs / Math.max(tookMs, 1), 0.5, 2);
  const sleepMs = Math.min(pressed ? Math.max(1_000, 4 * tookMs) : tookMs, longestSleepMs);
  const lately = (tookMs + sleepMs) / Math.max(rows, 1);
  return {
    size: clamp(Math.round(size * factor), smallest, largest),
    sleepMs,
    msPerRow: msPerRow === undefined ? lately : msPerRow + (lately - msPerRow) * weight,
  };
}

export function msLeft({ msPerRow }: Pace, rowsDone: number, rowsTotal: number | undefined): number | undefined {
  if (msPerRow === undefined || rowsTotal === undefined) return undefined;
  return Math.round(Math.max(0, rowsTotal - rowsDone) * msPerRow);
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
