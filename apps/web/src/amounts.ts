// Amounts as people read them. Times of day are written in UTC, and the page's script gives them in the reader's zone.

import { forHowLong } from '@bg/engine';
import { type Html, html } from './html.ts';

/** `420 ms`, `3.4 s`, and from ten seconds on `45 s`, `12 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  return ms < 10_000 ? `${Number((ms / 1_000).toFixed(1))} s` : forHowLong(ms);
}

/** `1.2 MB`, in steps of a thousand. */
export function bytesText(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = value < 1_000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  const scaled = value / 1_000 ** step;
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`;
}

/** `1 204`, with a narrow space that does not break. */
export const countText = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');

export function shareText(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  return `${Number(percent.toFixed(percent < 10 ? 2 : 1))} %`;
}

export const counted = (count: number, noun: string): string => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;

/** An instant: `2026-03-07 14:05:03 UTC` until the script shows it in the reader's zone. */
export function when(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}

/** The same as a distance: the script writes `for 3 min` and counts on. */
export function since(ms: number): Html {
  const iso = new Date(ms).toISOString();
  return html`<time datetime="${iso}" data-since>since ${iso.slice(11, 19)} UTC</time>`;
}
