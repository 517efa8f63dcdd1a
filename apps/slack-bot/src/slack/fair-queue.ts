// Acknowledge first, decide afterwards. A decision is synchronous work of some milliseconds; when fifty people click at
// once, the fiftieth click must still be acknowledged within Slack's three seconds.

import { yieldToEventLoop } from '@bg/engine';

/** Far more than people can click; beyond it there is a fault, and the person gets an answer that says so. */
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
    // Only the start waits for its turn: work that awaits Slack does not block the others.
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
