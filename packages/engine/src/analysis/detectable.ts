// What a canary can find before it begins: the smallest rise of errors that the comparison sees with 95 %, from the
// traffic of the last hour and the time that the plan watches. From the method's own mathematics, without a simulation.

import { logMean } from './ratio-test.ts';

export interface PlannedWatch {
  /** Of users on the new side: 10 for a tenth. */
  readonly percent: number;
  readonly ms: number;
}

export interface UsualTraffic {
  readonly perSecond: number;
  /** Share of requests that fail: 0.005 is 0.5 %. */
  readonly errorRate: number;
}

/** As canary-judge.ts has them: ratios, the part of the mistakes that errors take, and what a finding must exceed. */
const ratios = [1.25, 1.5, 2, 3, 5, 10, 30, 100];
const partOfErrors = 0.45;
/** Of the evidence, what bets on a release that is worse from the beginning (onset.ts). */
const partOfWhole = 0.75;
const least = { errors: 3, ratio: 1.2, excess: 0.0005 };
const certainty = 0.95;
/** A service without any error is taken for one with so few. */
const leastRate = 0.0001;
const quadrature = 41;

/** Rate of errors on the new side that is found; undefined: not even if every second request failed. */
export function smallestRise(
  watches: readonly PlannedWatch[],
  { perSecond, errorRate }: UsualTraffic,
  falseRollback: number,
): number | undefined {
  const stages = watches.map(({ percent, ms }) => ({
    stable: (perSecond * (100 - percent) * ms) / 100_000,
    canary: (perSecond * percent * ms) / 100_000,
  }));
  const base = Math.max(leastRate, errorRate);
  const finds = (rate: number) => chanceToFind(stages, { base, rate, falseRollback }) >= certainty;
  let [low, high] = [Math.max(base * least.ratio, base + least.excess), 0.5];
  if (low >= high || !finds(high)) return undefined;
  for (let step = 0; step < 40 && high / low > 1.005; step += 1) {
    const middle = Math.sqrt(low * high);
    if (finds(middle)) high = middle;
    else low = middle;
  }
  return high;
}

interface Requests {
  readonly stable: number;
  readonly canary: number;
}

/** At the end of the time; the judge looks at every moment, so that it finds a little more. */
function chanceToFind(
  stages: readonly Requests[],
  { base, rate, falseRollback }: { readonly base: number; readonly rate: number; readonly falseRollback: number },
): number {
  const [stable, canary] = [sumOf(stages, 'stable'), sumOf(stages, 'canary')];
  if (stable <= 0 || canary <= 0) return 0;
  const needed = -Math.log(partOfErrors * falseRollback * partOfWhole);
  // Errors of a side fall on the stages as its requests do.
  const weights = stages.map((stage) => ({
    found: stage.canary / canary,
    control: stage.stable / stable,
    share: stage.canary / (stage.stable + stage.canary),
  }));
  const evidence = (found: number, control: number) =>
    logMean(
      ratios.map((ratio) =>
        weights.reduce(
          (sum, weight) =>
            sum - (found * weight.found + control * weight.control) * Math.log1p((ratio - 1) * weight.share),
          found * Math.log(ratio),
        ),
      ),
    );
  const expected = { control: stable * base, found: canary * rate };
  let chance = 0;
  for (let point = 0; point < quadrature; point += 1) {
    const control = normalQuantile((point + 0.5) / quadrature, expected.control);
    let enough = least.errors;
    for (let width = 1 << 20; width >= 1; width >>= 1)
      while (evidence(enough + width - 1, control) < needed && enough < 1e7) enough += width;
    chance += atLeast(enough, expected.found) / quadrature;
  }
  return chance;
}

const sumOf = (stages: readonly Requests[], side: keyof Requests): number =>
  stages.reduce((sum, stage) => sum + stage[side], 0);

const normalQuantile = (at: number, mean: number): number => Math.max(0, mean + Math.sqrt(mean) * normalAt(at));

/** Of the standard normal distribution, by bisection of its distribution function. */
function normalAt(at: number): number {
  let [low, high] = [-6, 6];
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < at) low = middle;
    else high = middle;
  }
  return low;
}

/** Abramowitz and Stegun 7.1.26: within 1.5e-7. */
function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  const erf = 1 - poly * Math.exp(-x * x);
  return z >= 0 ? (1 + erf) / 2 : (1 - erf) / 2;
}

/** P(Poisson(mean) ≥ count). */
function atLeast(count: number, mean: number): number {
  if (mean > 500) return 1 - normalBelow((count - 0.5 - mean) / Math.sqrt(mean));
  let term = Math.exp(-mean);
  let below = 0;
  for (let at = 0; at < count && at < 2_000; at += 1) {
    below += term;
    term *= mean / (at + 1);
  }
  return Math.max(0, 1 - below);
}
