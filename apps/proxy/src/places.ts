// Limits the exchanges of each source. A source may hold as many places as are free: so a single source gets half of
// all, two get a third each, and there is always room for one more.

export interface Places {
  /** Undefined when this source holds its share already; else what gives the place back. Call that once. */
  take(source: string): (() => void) | undefined;
}

/** Exchanges at one time; further ones are refused with 503 instead of waiting without end. */
export const maxPlaces = 4_096;

export function createPlaces(most: number = maxPlaces): Places {
  const held = new Map<string, number>();
  let taken = 0;
  return {
    take: (source) => {
      const own = held.get(source) ?? 0;
      if (own >= most - taken) return undefined;
      held.set(source, own + 1);
      taken += 1;
      return () => {
        taken -= 1;
        const left = (held.get(source) ?? 1) - 1;
        if (left === 0) held.delete(source);
        else held.set(source, left);
      };
    },
  };
}
