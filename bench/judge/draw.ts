// Draws counts, seeded: the same seed gives the same run.

export interface Dice {
  /** 0 to 1, without 1. */
  readonly uniform: () => number;
  readonly normal: () => number;
  readonly poisson: (mean: number) => number;
  readonly binomial: (n: number, p: number) => number;
}

/** mulberry32 for uniform numbers. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  /** Beyond these means the normal distribution is near enough, and does not take longer for more. */
  const byNormal = (mean: number, deviation: number) => Math.max(0, Math.round(mean + deviation * normal()));
  const poisson = (mean: number) => {
    if (mean > 100) return byNormal(mean, Math.sqrt(mean));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = uniform(); product > limit; product *= uniform()) count += 1;
    return count;
  };
  const binomial = (n: number, p: number): number => {
    if (n === 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(n, 1 - p);
    if (n * p > 50) return Math.min(n, byNormal(n * p, Math.sqrt(n * p * (1 - p))));
    // Gaps between events are geometric: as many draws as there are events.
    const log = Math.log1p(-p);
    let count = 0;
    for (let at = Math.floor(Math.log(1 - uniform()) / log); at < n; count += 1)
      at += 1 + Math.floor(Math.log(1 - uniform()) / log);
    return count;
  };
  return { uniform, normal, poisson, binomial };
}
