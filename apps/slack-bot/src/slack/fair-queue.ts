// Acknowledge first, decide afterwards. A decision is synchronous work of some milliseconds; when fifty people press at
// once, those milliseconds must not stand between the fiftieth and the three seconds that Slack gives.

import { yieldToEventLoop } from '@bg/engine';

/** Far more than people can press; beyond it something is wrong, and the person is told. */
const bound = 1_000;
/** Rounds of the event loop between two decisions: a request needs about that many from its first byte to its answer. */
const rounds = 3;

/** Begins each work in the order of asking, and lets requests that have arrived be acknowledged in between. */
export type FairQueue = <T>(work: () => Promise<T>) => Promise<T>;

/** @throws when more than a thousand are waiting. */
export function createFairQueue(): FairQueue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (work) => {
    if (waiting >= bound) throw new Error(`${bound} decisions are waiting already`);
    waiting += 1;
    // Only the beginning waits for its turn: what a work awaits (Slack, say) holds up nobody.
    const begun = last
      .then(() => yieldToEventLoop(rounds))
      .then(() => {
        waiting -= 1;
        return { ended: work() };
      });
    last = begun.catch(() => undefined);
    return (await begun).ended;
  };
}
