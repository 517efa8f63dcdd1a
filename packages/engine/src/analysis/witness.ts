// The second witness: an outside source counts requests too, and must agree with the load balancer, over the same span
// of time. A query that measures something else is found by this, however good its numbers look.

/** What the load balancer had counted of each side since the share was set, at a moment. Ascending in time. */
export type History = readonly HistoryEntry[];

export interface HistoryEntry {
  readonly at: number;
  readonly stable: number;
  readonly canary: number;
}

const mostEntries = 900;

/** A count that fell has started again: nothing that was seen before it can be compared with. */
export function addToHistory(history: History, entry: HistoryEntry): History {
  const last = history.at(-1);
  if (last && entry.at <= last.at) return history;
  const isReset = last !== undefined && (entry.stable < last.stable || entry.canary < last.canary);
  return isReset ? [entry] : [...history.slice(1 - mostEntries), entry];
}

/** Between two looks, in proportion; undefined before the first one and after the last. */
export function countAt(history: History, atMs: number, side: 'stable' | 'canary'): number | undefined {
  const after = history.findIndex(({ at }) => at >= atMs);
  const later = history[after];
  if (later === undefined) return undefined;
  if (later.at === atMs) return later[side];
  const earlier = history[after - 1];
  if (earlier === undefined) return undefined;
  const part = (atMs - earlier.at) / (later.at - earlier.at);
  return earlier[side] + part * (later[side] - earlier[side]);
}

/** Fewer requests than this may always be missing or too many. */
const leastDifference = 20;
/** The two do not read their clocks at the same moment. */
const clockMs = 3_000;

export interface Testimony {
  readonly outside: number;
  readonly balancer: number;
  readonly spanMs: number;
  /** 0.2 is 20 %. */
  readonly agree: number;
}

export function isAgreed({ outside, balancer, spanMs, agree }: Testimony): boolean {
  const ofClocks = spanMs <= 0 ? 0 : (balancer * clockMs) / spanMs;
  return Math.abs(outside - balancer) <= Math.max(leastDifference, agree * balancer, ofClocks);
}
