// Freezes, and the calendars that they come from.

import { count, listOf, orNull, type Shape, text } from './shape.ts';
import { nothing } from './words.ts';

export const freezeEvents = {
  'freeze-near': { freeze: text, from: count, to: count },
  'freeze-holds': { freezes: listOf(text), until: orNull(count) },
  'freeze-passed': nothing,
  'freeze-overridden': { freezes: listOf(text), reason: text },
  'calendar-failed': { freeze: text },
  'calendar-read': { freeze: text },
} as const satisfies Readonly<Record<string, Shape>>;
