// One time that a freeze lasts: its wall times as configured, and the moments that they are.

import type { FreezeSettings } from '../../config/freezes/settings.ts';
import { momentOf, wallText } from './wall-time.ts';

export interface Span {
  /** Epoch ms, included. */
  readonly from: number;
  /** Epoch ms, excluded. */
  readonly to: number;
}

export interface Occurrence extends Span {
  /** Of the freeze. */
  readonly name: string;
  readonly zone: string;
  /** What the calendar calls it. */
  readonly title?: string | undefined;
  /** Wall times, as configured. */
  readonly wall: { readonly from: string; readonly to: string };
  /** What a change of the clock did to its ends. */
  readonly moved: readonly string[];
}

/** Identifies an occurrence for what is remembered about it. */
export const occurrenceKey = ({ name, from }: Pick<Occurrence, 'name' | 'from'>): string => `${name}@${from}`;

type Wall = Parameters<typeof momentOf>[0];

export function occurrence(
  { name, zone }: Pick<FreezeSettings, 'name' | 'zone'>,
  begins: Wall,
  ends: Wall,
): Occurrence {
  const first = momentOf(begins, zone, 'begins');
  const last = momentOf(ends, zone, 'ends');
  return {
    name,
    zone,
    from: first.at,
    to: last.at,
    wall: { from: wallText(begins), to: wallText(ends) },
    moved: [first.moved, last.moved].filter((each) => each !== undefined),
  };
}
