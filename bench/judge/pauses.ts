// A process that pauses now and then: requests that arrive meanwhile are answered together when it goes on, each late by
// what was left of the pause. Each side pauses by itself, and none more often than the other.

import type { Times } from '../../packages/engine/src/domain/routing.ts';
import type { Dice } from './draw.ts';
import { bucketOf } from './times.ts';

export interface Pauses {
  readonly perMinute: number;
  readonly longestMs: number;
}

export interface Paused {
  /** So many of the arrivals met a pause. */
  readonly met: number;
  /** Answers of this second that were delayed by a pause, which may have begun earlier. */
  readonly late: Times;
  readonly lateRequests: number;
}

/** Of one side, asked once a second with the requests that arrive in it. */
export function createPauses(dice: Dice, { perMinute, longestMs }: Pauses): (arrivals: number) => Paused {
  let now = 0;
  let waiting: number[] = [];
  const after = (ms: number) => {
    const from = ms - Math.log(1 - dice.uniform()) * (60_000 / perMinute);
    return { from, until: from + longestMs * (0.2 + 0.8 * dice.uniform()) };
  };
  let pause = after(0);
  return (arrivals) => {
    const end = now + 1_000;
    const late = new Map<number, number>();
    let [met, lateRequests] = [0, 0];
    while (pause.from < end) {
      const [from, until] = [Math.max(now, pause.from), Math.min(end, pause.until)];
      const here = dice.binomial(arrivals, (until - from) / 1_000);
      met += here;
      for (let each = 0; each < here; each += 1)
        waiting.push(bucketOf(pause.until - from - (until - from) * dice.uniform()));
      if (pause.until > end) break;
      for (const bucket of waiting) late.set(bucket, (late.get(bucket) ?? 0) + 1);
      lateRequests += waiting.length;
      waiting = [];
      pause = after(pause.until);
    }
    now = end;
    return { met: Math.min(arrivals, met), late: [...late], lateRequests };
  };
}
