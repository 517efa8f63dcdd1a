// What rendering for people depends on in addition to the value: the time, colours, and the terminal.

import type { Paint } from './paint.ts';

export interface Light {
  readonly now: number;
  readonly paint: Paint;
  /** Columns of the terminal; undefined where none reads. */
  readonly width?: number | undefined;
  /** The terminal shows no other characters. */
  readonly ascii?: boolean | undefined;
}
