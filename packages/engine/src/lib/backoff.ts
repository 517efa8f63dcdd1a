// How long to wait before the next try: twice as long after each failure, up to a limit.

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  /** From 0 to 1: the share of the wait that chance may take away, so that those who failed together return apart. */
  readonly jitter?: number;
}

/** Above it every wait is `maxMs`, and the power stays a finite number. */
const maxDoublings = 40;

/** `failures`: those before the one that just happened. */
export function backoffMs({ firstMs, maxMs, jitter = 0 }: Backoff, failures: number): number {
  const wholeMs = Math.min(firstMs * 2 ** Math.min(failures, maxDoublings), maxMs);
  return Math.round(wholeMs * (1 - Math.random() * jitter));
}
