// Where a message stands, as the outbox keeps it.

import type { Place } from '../slack/api.ts';

export function placeOf(reference: unknown): Place | undefined {
  if (typeof reference !== 'object' || reference === null) return undefined;
  const { channel, ts, earlier, print, over } = reference as Partial<Place>;
  return typeof channel === 'string' && typeof ts === 'string' ? { channel, ts, earlier, print, over } : undefined;
}
