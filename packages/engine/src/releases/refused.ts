// Why an artifact does not become a release, in one sentence for people.

import { BlueGreenError } from '../lib/errors.ts';

/** The artifact, or the place where it is, is not allowed: trying again changes nothing. */
export const refused = (sentence: string, cause?: unknown): BlueGreenError =>
  new BlueGreenError('artifact-refused', sentence, {}, cause);

/** The artifact could not be fetched this time. */
export const unavailable = (sentence: string, cause?: unknown): BlueGreenError =>
  new BlueGreenError('artifact-unavailable', sentence, {}, cause);

const units = ['bytes', 'KB', 'MB', 'GB', 'TB'] as const;

/** `1610612736` → `1.5 GB`. */
export function sizeText(bytes: number): string {
  const step = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${Math.round((bytes / 1024 ** step) * 10) / 10} ${units[step]}`;
}

/** A name out of an archive, for a sentence: short, and without anything that a terminal acts upon. */
export function shownName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?');
  return JSON.stringify(plain.length > 120 ? `${plain.slice(0, 119)}…` : plain);
}
