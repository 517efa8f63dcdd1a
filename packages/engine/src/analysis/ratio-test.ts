// Two tests of event counts that may be checked after every tick: the chance that a release that is no worse is ever
// blamed stays below the level, however often the counts are checked (Ville's inequality for non-negative
// supermartingales).
//
// Method: a likelihood ratio of binomials, conditioned on the traffic of each tick (Lindon and Malek, "Anytime-valid
// inference for multinomial count data", NeurIPS 2022, with the shares that were seen instead of those that were set),
// mixed over a grid of ratios. Under "the same event probability on both sides" the events of a tick are
// hypergeometric, and the mean of a convex function of them is at most its mean under the binomial (Hoeffding 1963),
// which is 1. Since each tick is compared only with itself, neither a drift that both sides share nor a change of the
// weight causes a false alarm.

/** What one side answered in one tick, and how many of these were events: errors, or slow answers. */
export interface Count {
  readonly requests: number;
  readonly events: number;
}

/** Both sides in the same tick. */
export interface Tick {
  readonly stable: Count;
  readonly canary: Count;
}

/** Evidence grows where the new side's event rate / the stable side's is nearer to `ratios` than to `against`. */
export interface RatioTest {
  /** The ratio at the border of the hypothesis that is to be refuted. */
  readonly against: number;
  /** All above `against` refute "at most `against`"; all below it refute "at least `against`". */
  readonly ratios: readonly number[];
}

/** The same for one side: its rate of events against a fixed one. */
export interface RateTest {
  readonly against: number;
  readonly rates: readonly number[];
}

/** Logarithms of the likelihood ratios, one for each alternative; all 0 before the first tick. */
export type Evidence = number[];

export const noEvidence = ({ length }: readonly number[]): Evidence => new Array<number>(length).fill(0);

/** Changes `evidence`. A tick without events or without requests on one side says nothing. */
export function addRatio({ against, ratios }: RatioTest, evidence: Evidence, { stable, canary }: Tick): void {
  const events = stable.events + canary.events;
  const requests = stable.requests + canary.requests;
  if (events === 0 || stable.requests === 0 || canary.requests === 0) return;
  const share = canary.requests / requests;
  const weight = Math.log1p((against - 1) * share);
  for (const [at, ratio] of ratios.entries())
    evidence[at] =
      (evidence[at] ?? 0) +
      canary.events * Math.log(ratio / against) -
      events * (Math.log1p((ratio - 1) * share) - weight);
}

/** Changes `evidence`. */
export function addRate({ against, rates }: RateTest, evidence: Evidence, { requests, events }: Count): void {
  for (const [at, rate] of rates.entries())
    evidence[at] =
      (evidence[at] ?? 0) +
      events * Math.log(rate / against) +
      (requests - events) * (Math.log1p(-rate) - Math.log1p(-against));
}

/** The logarithm of the mean of the likelihood ratios: `ln(1/α)` refutes at the level α. */
export function logMean(evidence: readonly number[]): number {
  const most = Math.max(...evidence);
  return most + Math.log(evidence.reduce((sum, each) => sum + Math.exp(each - most), 0) / evidence.length);
}
