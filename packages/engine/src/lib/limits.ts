// How much one source, and all of them together, may ask of this process. Counts in memory, each with a limit.

export interface Allowance {
  /** Takes one; how long to wait for the next in milliseconds where there is none left, 0 where there was. */
  spend(source: string, now: number): number;
  /** The same without taking one. */
  wait(source: string, now: number): number;
}

export interface AllowanceOptions {
  /** At once. */
  readonly burst: number;
  /** In the long run. */
  readonly perSecond: number;
  /** Beyond, the source that was quiet for the longest is forgotten: it gets its burst again. */
  readonly mostSources: number;
}

export function createAllowance({ burst, perSecond, mostSources }: AllowanceOptions): Allowance {
  const left = new Map<string, { readonly tokens: number; readonly at: number }>();

  function tokensOf(source: string, now: number): number {
    const known = left.get(source);
    return known ? Math.min(burst, known.tokens + (Math.max(0, now - known.at) / 1000) * perSecond) : burst;
  }
  const waitMs = (tokens: number) => (tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1000));

  return {
    spend(source, now) {
      const tokens = tokensOf(source, now);
      // Deleted first: a Map keeps the order of insertion, so the first is the one that was quiet for the longest.
      left.delete(source);
      left.set(source, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
      for (const [oldest] of left) {
        if (left.size <= mostSources) break;
        left.delete(oldest);
      }
      return waitMs(tokens);
    },
    wait: (source, now) => waitMs(tokensOf(source, now)),
  };
}

export interface Room {
  /** Undefined where it is too full; otherwise gives the place back. */
  enter(size: number): (() => void) | undefined;
}

/** What may be in memory at once. */
export function createRoom(total: number): Room {
  let taken = 0;
  return {
    enter(size) {
      if (taken + size > total) return undefined;
      taken += size;
      let isInside = true;
      return () => {
        if (isInside) taken -= size;
        isInside = false;
      };
    },
  };
}

export interface Guests {
  /** False where this source has as many as one may have; otherwise `left` is to be called when it goes. */
  come(source: string): boolean;
  leave(source: string): void;
}

export function createGuests(mostPerSource: number): Guests {
  const present = new Map<string, number>();
  return {
    come(source) {
      const number = present.get(source) ?? 0;
      if (number >= mostPerSource) return false;
      present.set(source, number + 1);
      return true;
    },
    leave(source) {
      const number = (present.get(source) ?? 1) - 1;
      if (number > 0) present.set(source, number);
      else present.delete(source);
    },
  };
}
