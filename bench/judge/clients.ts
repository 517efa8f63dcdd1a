// Whose errors they are: each user has one of 10,000 buckets, and the counters' own code says which of the errors count.

import type { SideTick } from '../../packages/engine/src/analysis/canary-evidence.ts';
import { once, spread } from '../../packages/engine/src/analysis/clients.ts';
import { createClientTally } from '../../packages/engine/src/load-balancer/counting/clients.ts';
import type { Dice } from './draw.ts';

interface Second {
  readonly side: SideTick;
  readonly second: number;
  /** Of the users, and so of the buckets. */
  readonly share: number;
  /** Failing requests of one more client. */
  readonly bad: number;
}

const buckets = 10_000;
const badClient = 'the bad one';

/** Of one side. */
export function createClients(dice: Dice): (given: Second) => { raw: SideTick; judged: SideTick } {
  const tally = createClientTally();
  const failing = new Set<number | string>();
  return ({ side, second, share, bad }) => {
    const raw = { ...side, requests: side.requests + bad, errors: side.errors + bad };
    const sums = { errors: 0, worstRepeats: 0 };
    const fail = (client: number | string) => {
      const { isFirstError, isWorstRepeat } = tally.record(client, true, second);
      if (isFirstError) sums.errors += 1;
      if (isWorstRepeat) sums.worstRepeats += 1;
      if (failing.size < 2) failing.add(client);
    };
    for (let error = 0; error < side.errors; error += 1) fail(Math.floor(dice.uniform() * share * buckets));
    for (let error = 0; error < bad; error += 1) fail(badClient);
    const group = { ...raw, clients: { ...sums, minutes: 0, seen: 2, failing: failing.size, busiest: 0 } };
    return { raw, judged: { ...once(group), wide: spread(group), failing: failing.size, times: side.times } };
  };
}
