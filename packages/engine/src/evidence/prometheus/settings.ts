export interface PrometheusSettings {
  readonly url: string;
  readonly lagMs: number;
  readonly scrapeMs: number;
  /** Of raw values that each question reads. */
  readonly windowMs: number;
  /** A pair of counters of each side; undefined together, in favour of `value`. */
  readonly bad: string | undefined;
  readonly all: string | undefined;
  readonly value: string | undefined;
}
