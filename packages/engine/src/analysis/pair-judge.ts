// Judges a pair of counters of each side from an outside source as the judge of canaries judges errors, and only while
// its count of requests agrees with that of the load balancer.

import type { Answer } from '../domain/evidence.ts';
import { type CountersSeen, firstLook, type Growth, growthOf } from './counters.ts';
import { type Judgement, percentText } from './judge.ts';
import {
  addRate,
  addRatio,
  type Count,
  type Evidence,
  logMean,
  noEvidence,
  type RateTest,
  type RatioTest,
} from './ratio-test.ts';
import { countAt, type History, isAgreed } from './witness.ts';

export interface PairRules {
  /** Share of good releases that this check may blame by mistake. */
  readonly falseAlarm: number;
  /** More than this fails whatever the stable side does; undefined: no such limit. */
  readonly max: number | undefined;
  readonly agree: number;
  readonly leastRequests: number;
  /** Good only when it is proven; else when nothing is found in enough requests. */
  readonly needsProof: boolean;
}

type Side = 'stable' | 'canary';
const sides = ['stable', 'canary'] as const;

/** Plain values, for the process that continues. */
export interface PairState {
  /** Since the share was set; undefined before the first answer. */
  base: { readonly sharedSince: number; readonly balancer: Readonly<Record<Side, number>> } | undefined;
  seen: Readonly<Record<Side, CountersSeen>> | undefined;
  /** Failures whose requests were not counted yet. */
  owed: Readonly<Record<Side, number>>;
  /** Since `base`. */
  outside: Readonly<Record<Side, number>>;
  /** Of one side alone, until the other has any. */
  waiting: Readonly<Record<Side, Count>>;
  /** Over the whole canary. */
  total: Readonly<Record<Side, Count>>;
  readonly worse: Evidence;
  readonly within: Evidence;
  readonly ceiling: Evidence;
  /** What was found to be something else stays so: the same query will not measure the right thing later. */
  disagreed: string | undefined;
  hasAgreed: boolean;
}

const worse: RatioTest = { against: 1, ratios: [1.25, 1.5, 2, 3, 5, 10, 30, 100] };
const within: RatioTest = { against: 2, ratios: [1.25, 1, 0.7, 0.4, 0.1] };
const ceilingFor = (max: number): RateTest => ({
  against: max,
  rates: [1.3, 2, 4, 8].map((each) => Math.min(0.99, (1 + max) / 2, each * max)),
});
/** Shares of `falseAlarm`. */
const shareOf = { worse: 0.9, ceiling: 0.1 };
const missedRegression = 0.05;
const least = { events: 3, ratio: 1.2 };
const leastOwed = 10;
/** The load balancer counts the last hour. */
const longestSpanMs = 50 * 60_000;

const noCount: Count = { requests: 0, events: 0 };

export const noPairState = (): PairState => ({
  base: undefined,
  seen: undefined,
  owed: { stable: 0, canary: 0 },
  outside: { stable: 0, canary: 0 },
  waiting: { stable: noCount, canary: noCount },
  total: { stable: noCount, canary: noCount },
  worse: noEvidence(worse.ratios),
  within: noEvidence(within.ratios),
  ceiling: noEvidence([1, 2, 3, 4]),
  disagreed: undefined,
  hasAgreed: false,
});

export interface PairLook {
  readonly answer: Extract<Answer, { kind: 'counters' }>;
  readonly sharedSince: number;
  readonly history: History;
}

/** Changes `state`. */
export function addPair(state: PairState, rules: PairRules, look: PairLook): void {
  const { answer, sharedSince, history } = look;
  if (state.base?.sharedSince !== sharedSince || state.seen === undefined) {
    begin(state, look);
    return;
  }
  const growth = {
    stable: growthOf(state.seen.stable, answer.stable),
    canary: growthOf(state.seen.canary, answer.canary),
  };
  state.seen = { stable: growth.stable.seen, canary: growth.canary.seen };
  const tick = { stable: take(state, 'stable', growth.stable), canary: take(state, 'canary', growth.canary) };
  state.outside = plus(state.outside, { stable: tick.stable.requests, canary: tick.canary.requests });
  state.total = { stable: sum(state.total.stable, tick.stable), canary: sum(state.total.canary, tick.canary) };
  compareSides(state, tick);
  if (rules.max !== undefined) addRate(ceilingFor(rules.max), state.ceiling, tick.canary);
  if (sides.some((side) => state.owed[side] > leastOwed + state.total[side].requests / 5))
    state.disagreed ??= 'this query measures something else: more failed on a side than it counted in all';
  compareWitnesses(state, rules, history);
}

/**
 * What failed is part of all, but the two are read one after the other, and a scrape may come between: failures whose
 * requests are not counted yet wait for them.
 */
function take(state: PairState, side: Side, { requests, events }: Growth): Count {
  const failed = state.owed[side] + events;
  const counted = Math.min(failed, requests);
  state.owed = { ...state.owed, [side]: failed - counted };
  return { requests, events: counted };
}

/**
 * Only what grows after the first values counts. Those must be younger than the share, and the load balancer's count of
 * that moment must be known: until then nothing is compared.
 */
function begin(state: PairState, { answer, sharedSince, history }: PairLook): void {
  const seen = { stable: firstLook(answer.stable), canary: firstLook(answer.canary) };
  const [stable, canary] = sides.map((side) =>
    seen[side].fromMs < sharedSince ? undefined : countAt(history, seen[side].fromMs, side),
  );
  if (stable === undefined || canary === undefined) return;
  state.seen = seen;
  state.owed = { stable: 0, canary: 0 };
  state.waiting = { stable: noCount, canary: noCount };
  state.outside = { stable: 0, canary: 0 };
  state.base = { sharedSince, balancer: { stable, canary } };
}

/** The sides are not read at the same moment: what one has alone waits for the other, and both are compared then. */
function compareSides(state: PairState, tick: Readonly<Record<Side, Count>>): void {
  const { waiting } = state;
  const both = { stable: sum(waiting.stable, tick.stable), canary: sum(waiting.canary, tick.canary) };
  const isWhole = both.stable.requests > 0 && both.canary.requests > 0;
  state.waiting = isWhole ? { stable: noCount, canary: noCount } : both;
  if (!isWhole) return;
  addRatio(worse, state.worse, both);
  addRatio(within, state.within, both);
}

function compareWitnesses(state: PairState, { agree }: PairRules, history: History): void {
  const { base, seen } = state;
  if (base === undefined || seen === undefined) return;
  const testimonies = sides.map((side) => {
    const [from, until] = [base.balancer[side], countAt(history, seen[side].untilMs, side)];
    const spanMs = seen[side].untilMs - seen[side].fromMs;
    if (until === undefined || spanMs <= 0 || spanMs > longestSpanMs) return undefined;
    return { side, outside: state.outside[side], balancer: until - from, spanMs, agree };
  });
  const wrong = testimonies.find((each) => each !== undefined && !isAgreed(each));
  if (wrong) {
    const where = wrong.side === 'stable' ? 'on the stable side' : 'on the new side';
    state.disagreed ??= `this query measures something else: it counts ${Math.round(wrong.outside)} requests ${where}, the load balancer ${Math.round(wrong.balancer)}`;
  } else if (testimonies.every((each) => each !== undefined)) state.hasAgreed = true;
}

const plus = (one: Readonly<Record<Side, number>>, other: Readonly<Record<Side, number>>) => ({
  stable: one.stable + other.stable,
  canary: one.canary + other.canary,
});

const sum = (one: Count, other: Count): Count => ({
  requests: one.requests + other.requests,
  events: one.events + other.events,
});

export function pairJudgement(state: PairState, rules: PairRules): Judgement {
  const { total, disagreed, hasAgreed } = state;
  if (disagreed !== undefined) return { verdict: 'Error', sentence: disagreed };
  const { canary, stable } = total;
  const numbers = `${canary.events} of ${canary.requests} failed on the new side (${rate(canary)}), ${rate(stable)} on the stable side`;
  if (canary.requests < rules.leastRequests)
    return {
      verdict: 'Inconclusive',
      sentence: `${canary.requests} of at least ${rules.leastRequests} counted on the new side`,
    };
  if (!hasAgreed)
    return {
      verdict: 'Inconclusive',
      sentence: 'its count of requests could not be compared with the load balancer’s yet',
    };
  const found = findingOf(state, rules);
  if (found !== undefined) return { verdict: 'Failed', sentence: `${found}: ${numbers}` };
  if (!rules.needsProof || logMean(state.within) >= Math.log(1 / missedRegression))
    return { verdict: 'Successful', sentence: numbers };
  return { verdict: 'Inconclusive', sentence: `no worse so far, and not certain yet: ${numbers}` };
}

function findingOf({ total, worse: evidence, ceiling }: PairState, { falseAlarm, max }: PairRules): string | undefined {
  const { canary, stable } = total;
  if (canary.events < least.events) return undefined;
  const [now, before] = [canary.events / canary.requests, stable.requests === 0 ? 0 : stable.events / stable.requests];
  if (now >= least.ratio * before && logMean(evidence) >= -Math.log(falseAlarm * shareOf.worse))
    return 'worse than the stable side';
  if (max !== undefined && now > max && logMean(ceiling) >= -Math.log(falseAlarm * shareOf.ceiling))
    return `more than ${percentText(max)} fail`;
  return undefined;
}

const rate = ({ requests, events }: Count): string => percentText(requests === 0 ? 0 : events / requests);
