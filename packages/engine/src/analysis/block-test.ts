// A test of event counts where events come in groups: a process that pauses delays all its requests together, so that
// ten slow answers may be one event. Requests of one block of time are not taken as independent; blocks are.
//
// Method: the larger side of a block is thinned, at random, to as many requests as the smaller one. If both sides are
// equally likely to have slow answers, in groups or one by one, exchanging the sides changes nothing, so the sign of
// the difference D is a fair coin whatever its size is, and 1 + tanh(c·D) has the mean 1 for each c. The product over
// the blocks is a martingale, so is its average over a grid of c, and the average over all ways of thinning is taken
// instead of a draw. A side that is better makes D smaller (stochastically), and the mean less than 1. `c` is in units
// of the spread of earlier blocks, which is known before the block begins.

import type { Count, Evidence, Tick } from './ratio-test.ts';

/** Longer than what usually pauses a process, so that few groups are cut in two by the border of two blocks. */
const blockMs = 5_000;
const steps = [0.15, 0.3, 0.6, 1.2];
/** How many blocks the spread of independent requests is worth, before blocks have shown theirs. */
const priorBlocks = 2;

export interface BlockEvidence {
  /** Of the block that is not complete. */
  ms: number;
  stable: Count;
  canary: Count;
  /** Complete blocks that had requests on both sides. */
  blocks: number;
  /** Sum over them of D²/requests. */
  squares: number;
  /** Logarithms of the products, one for each of `steps`. */
  readonly products: Evidence;
}

export interface BlockLook {
  readonly tick: Tick;
  readonly ms: number;
  /** Share of the requests that are events where both sides are equal. */
  readonly share: number;
  /** What the evidence is for: that the new side has more events, or that it has fewer. */
  readonly for: 'more' | 'fewer';
}

const nothing: Count = { requests: 0, events: 0 };

export const noBlocks = (): BlockEvidence => ({
  ms: 0,
  stable: nothing,
  canary: nothing,
  blocks: 0,
  squares: 0,
  products: steps.map(() => 0),
});

/** Changes `seen`. Evidence grows when a block is complete. */
export function addToBlock(seen: BlockEvidence, { tick, ms, share, for: direction }: BlockLook): void {
  seen.ms += ms;
  seen.stable = sum(seen.stable, tick.stable);
  seen.canary = sum(seen.canary, tick.canary);
  if (seen.ms < blockMs) return;
  const { stable, canary } = seen;
  const requests = Math.min(stable.requests, canary.requests);
  if (requests > 0) {
    const known = (priorBlocks * share * (1 - share)) / 2 + seen.squares;
    const spread = Math.sqrt((known / (priorBlocks + seen.blocks)) * requests);
    const differences = differencesOf(stable, canary, requests);
    const sign = direction === 'more' ? 1 : -1;
    for (const [at, step] of steps.entries()) {
      const mean = differences.reduce((all, [d, weight]) => all + weight * Math.tanh((sign * step * d) / spread), 0);
      seen.products[at] = (seen.products[at] ?? 0) + Math.log1p(mean);
    }
    const average = differences.reduce((all, [d, weight]) => all + weight * d, 0);
    seen.squares += average ** 2 / requests;
    seen.blocks += 1;
  }
  Object.assign(seen, { ms: 0, stable: nothing, canary: nothing });
}

type Weighted = readonly [value: number, weight: number];

/** Half the difference of events among `requests` of each side, for each way of thinning the larger one. */
function differencesOf(stable: Count, canary: Count, requests: number): readonly Weighted[] {
  if (stable.requests === requests)
    return thinned(canary, requests).map(([events, weight]) => [(events - stable.events) / 2, weight]);
  return thinned(stable, requests).map(([events, weight]) => [(canary.events - events) / 2, weight]);
}

const widest = 6;
/** Places of the normal distribution that halve, quarter, … its weight evenly: 25 of them. */
const normalPlaces = [
  -2.0537, -1.5548, -1.2816, -1.0803, -0.9154, -0.7722, -0.643, -0.5244, -0.4125, -0.3055, -0.2019, -0.1004, 0, 0.1004,
  0.2019, 0.3055, 0.4125, 0.5244, 0.643, 0.7722, 0.9154, 1.0803, 1.2816, 1.5548, 2.0537,
];

/** How many events are among `draws` of the requests, drawn without replacement: hypergeometric. */
export function thinned({ requests, events }: Count, draws: number): readonly Weighted[] {
  if (draws >= requests) return [[events, 1]];
  const share = events / requests;
  const mean = draws * share;
  const deviation = Math.sqrt((mean * (1 - share) * (requests - draws)) / Math.max(1, requests - 1));
  if (deviation > widest) {
    const inside = (value: number) => Math.min(events, draws, Math.max(0, value));
    return normalPlaces.map((place) => [inside(mean + deviation * place), 1 / normalPlaces.length]);
  }
  return exact({ requests, events }, draws);
}

/** From the most likely number outwards, by the ratio of neighbours, until a term no longer matters. */
function exact({ requests, events }: Count, draws: number): readonly Weighted[] {
  const [least, most] = [Math.max(0, draws + events - requests), Math.min(events, draws)];
  const ratio = (k: number) => ((events - k) * (draws - k)) / ((k + 1) * (requests - events - draws + k + 1));
  const middle = Math.min(most, Math.max(least, Math.floor(((draws + 1) * (events + 1)) / (requests + 2))));
  const terms: [number, number][] = [[middle, 1]];
  for (let k = middle, term = 1; k < most && term > 1e-9; k += 1) {
    term *= ratio(k);
    terms.push([k + 1, term]);
  }
  for (let k = middle, term = 1; k > least && term > 1e-9; k -= 1) {
    term /= ratio(k - 1);
    terms.push([k - 1, term]);
  }
  const all = terms.reduce((total, [, term]) => total + term, 0);
  return terms.map(([k, term]) => [k, term / all]);
}

const sum = (one: Count, other: Count): Count => ({
  requests: one.requests + other.requests,
  events: one.events + other.events,
});
