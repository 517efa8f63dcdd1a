// Compares the new side with the stable one, and may be asked after every tick. It blames a release that is no worse in
// at most a share `falseRollback` of canaries, and calls one good only when that is proven: no data, no verdict.

import {
  addTick,
  type CanaryEvidence,
  type CanaryTick,
  noCanaryEvidence,
  restored,
  type StoredEvidence,
  stored,
} from './canary-evidence.ts';
import { type LimitFinding, type Limits, limitFinding, logGood } from './error-evidence.ts';
import { percentText, type Verdict } from './judge.ts';
import { quantileOf, quantiles, type SlowerBy, usualSlower } from './latency.ts';
import { logOf } from './onset.ts';
import { type Count, logMean } from './ratio-test.ts';

export interface JudgePolicy extends Limits {
  /** Share of the canaries of releases that are no worse which may be taken back by mistake: 0.01. */
  readonly falseRollback: number;
  /** Share of the canaries of releases that are worse by the margins which may be called good: 0.05. */
  readonly missedRegression: number;
  readonly leastRequests: number;
  /** Of the whole canary. */
  readonly leastMs: number;
  readonly warmUpMs: number;
  /** What must be proven, and may take a release back: errors and some of `quantiles`; undefined: all. */
  readonly critical?: readonly ('errors' | Quantile)[] | undefined;
}

type Quantile = (typeof quantiles)[number]['name'];
export type Metric = 'error-rate' | 'error-ceiling' | Quantile;

export interface CanaryJudgement {
  readonly verdict: Exclude<Verdict, 'Error'>;
  /** What decided it, where it failed. */
  readonly metric?: Metric;
  readonly sentence: string;
  /** The strongest evidence against the new side: 1 suffices to revert it. */
  readonly suspicion: number;
}

export interface CanaryJudge {
  add(tick: CanaryTick): void;
  judgement(): CanaryJudgement;
  /** Whether more errors than the ceiling are certain enough to take a release back by the fixed limit. */
  limit(): LimitFinding;
  /** For the process that continues. */
  state(): StoredEvidence;
}

/** Each metric's share of `falseRollback`; together 1. Those that are not critical leave theirs to the others. */
const shares: Readonly<Record<Metric, number>> = {
  'error-rate': 0.45,
  'error-ceiling': 0.05,
  p50: 1 / 6,
  p90: 1 / 6,
  p99: 1 / 6,
};
/** Weaker than what takes a release back, but too strong to call it good. */
const suspiciousFrom = Math.log(5);
/** What blames a release must also be large enough to matter. */
const least = { errors: 3, ratio: 1.2, excess: 0.0005, slowdown: 1.08 };

export function createCanaryJudge(policy: JudgePolicy, before?: StoredEvidence): CanaryJudge {
  const seen = before === undefined ? noCanaryEvidence(policy) : restored(before, policy);
  return {
    add: (tick) => addTick(seen, policy, policy.warmUpMs, tick),
    judgement: () => {
      const suspects = suspectsIn(seen, policy);
      const suspicion = Math.exp(Math.min(0, Math.max(...suspects.map(({ excess }) => excess))));
      return { suspicion, ...(blame(seen, policy, suspects) ?? clear(seen, policy, suspects)) };
    },
    limit: () => limitFinding(seen.errors, policy.falseRollback, isAlone(seen)),
    state: () => stored(seen),
  };
}

type Answer = Omit<CanaryJudgement, 'suspicion'>;
const wait = (sentence: string): Answer => ({ verdict: 'Inconclusive', sentence });

interface Suspect {
  readonly metric: Metric;
  /** Logarithm of the evidence. */
  readonly log: number;
  /** How far that is beyond what suffices to take the release back. */
  readonly excess: number;
  /** Undefined where it is too small to matter. */
  readonly sentence: string | undefined;
}

const criticalOf = ({ critical }: JudgePolicy): (typeof quantiles)[number][] =>
  quantiles.filter(({ name }) => critical === undefined || critical.includes(name));

function suspectsIn(seen: CanaryEvidence, policy: JudgePolicy): readonly Suspect[] {
  const critical = criticalOf(policy);
  const given = critical.reduce((sum, { name }) => sum + shares[name], shares['error-rate'] + shares['error-ceiling']);
  const suspect = (metric: Metric, log: number, sentence: string | undefined): Suspect => ({
    metric,
    log,
    excess: log + Math.log((shares[metric] / given) * policy.falseRollback),
    sentence,
  });
  return [
    suspect('error-rate', logOf(seen.errors.worse), errorSentence(seen)),
    suspect('error-ceiling', logOf(seen.errors.ceiling), ceilingSentence(seen)),
    ...critical.map((quantile) =>
      suspect(
        quantile.name,
        logMean(seen.latency[quantiles.indexOf(quantile)]?.worse.products ?? [0]),
        slowSentence(seen, quantile, policy.slower ?? usualSlower),
      ),
    ),
  ];
}

function blame(seen: CanaryEvidence, policy: JudgePolicy, suspects: readonly Suspect[]): Answer | undefined {
  const blamed = suspects.filter(({ excess, sentence }) => excess >= 0 && sentence !== undefined);
  const found = blamed.find(({ metric }) => seen.failing !== 1 || !isOfErrors(metric));
  if (!found?.sentence) return blamed[0] && wait(`${blamed[0].sentence}, but all errors are those of one client`);
  // Above the ceiling a release is also worse, or nothing says so: then the stable side before is all that is known.
  if (found.metric !== 'error-ceiling' || (isAlone(seen) && rateOf(seen.stable) <= policy.errorCeiling))
    return { verdict: 'Failed', metric: found.metric, sentence: found.sentence };
  return wait(`${found.sentence}; the stable side fails as often (${percentText(rateOf(seen.stable))})`);
}

/** So many requests of the new side and none of the stable one: all users are there. */
const leastAlone = 100;
const isAlone = ({ alone = 0 }: CanaryEvidence): boolean => alone >= leastAlone;

const isOfErrors = (metric: Metric): boolean => metric === 'error-rate' || metric === 'error-ceiling';

/** Good only when it is proven; else what is missing. */
function clear(seen: CanaryEvidence, policy: JudgePolicy, suspects: readonly Suspect[]): Answer {
  const { canary, stable, watchedMs } = seen;
  const numbers = `${failures(canary)}, ${percentText(rateOf(stable))} on the stable side`;
  if (canary.requests < policy.leastRequests)
    return wait(`${canary.requests} of at least ${policy.leastRequests} requests seen on the new side`);
  const suspect = suspects.find(({ log, sentence }) => log > suspiciousFrom && sentence !== undefined);
  if (suspect) return wait(`${suspect.metric} looks worse on the new side, but it is not certain yet; ${numbers}`);
  const needed = Math.log(1 / policy.missedRegression);
  const open = proofsIn(seen, policy).filter(({ log }) => log < needed);
  if (open.length > 0) return wait(`no worse so far; ${missing(seen, open, needed)}; ${numbers}`);
  if (watchedMs < policy.leastMs)
    return wait(`no worse so far; ${secondsText(policy.leastMs - watchedMs)} more to watch; ${numbers}`);
  return { verdict: 'Successful', sentence: `no worse than the stable side: ${numbers}` };
}

interface Proof {
  readonly of: string;
  readonly log: number;
}

function proofsIn({ errors, latency, stableTimes }: CanaryEvidence, policy: JudgePolicy): readonly Proof[] {
  const fast = criticalOf(policy).map((quantile) => ({
    of: quantile.name,
    log: logMean(latency[quantiles.indexOf(quantile)]?.within.products ?? [0]),
  }));
  return [{ of: 'errors', log: logGood(errors) }, ...(stableTimes.total === 0 ? [] : fast)];
}

/** From how the evidence has grown so far, which promises nothing. */
function missing({ canary, watchedMs }: CanaryEvidence, open: readonly Proof[], needed: number): string {
  const slowest = open.reduce((one, other) => (one.log < other.log ? one : other));
  if (slowest.log <= 0) return `more requests are needed to be certain about ${slowest.of}`;
  const factor = needed / slowest.log - 1;
  return `about ${Math.ceil(canary.requests * factor)} more requests, ${secondsText(watchedMs * factor)}, to be certain about ${slowest.of}`;
}

const secondsText = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;

const rateOf = ({ requests, events }: Count): number => (requests === 0 ? 0 : events / requests);

const failures = (side: Count): string =>
  `${side.events} of ${side.requests} requests failed on the new side (${percentText(rateOf(side))})`;

function errorSentence({ stable, canary, weighed: [control, found] }: CanaryEvidence): string | undefined {
  const ratio = control === 0 ? Number.POSITIVE_INFINITY : found / control;
  const excess = rateOf(canary) - rateOf(stable);
  if (canary.events < least.errors || ratio < least.ratio || excess < least.excess) return undefined;
  const beside = Number.isFinite(ratio)
    ? `${ratio.toFixed(1)} times as often as on the stable side (${percentText(rateOf(stable))})`
    : 'and none fails on the stable side';
  return `requests fail ${beside}: ${failures(canary)}`;
}

const ceilingSentence = ({ canary }: CanaryEvidence): string | undefined =>
  canary.events < least.errors ? undefined : `too many requests fail: ${failures(canary)}`;

function slowSentence(
  { stableTimes, canaryTimes }: CanaryEvidence,
  { name, at }: (typeof quantiles)[number],
  { ms }: SlowerBy,
): string | undefined {
  const [before, now] = [quantileOf(stableTimes, at), quantileOf(canaryTimes, at)];
  if (before === 0 || now / before < least.slowdown || now - before < ms) return undefined;
  return `answers are slower: ${name} is ${timeText(now)} on the new side, ${timeText(before)} on the stable side`;
}

const timeText = (ms: number): string => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
