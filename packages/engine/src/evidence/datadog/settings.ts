export interface DatadogSettings {
  /** Of the API of the site, without `/api`. */
  readonly url: string;
  readonly lagMs: number;
  /** Of the spans that are counted. */
  readonly spanMs: number;
  /** A pair of counts of each side; undefined together, in favour of `value`. */
  readonly bad: string | undefined;
  readonly all: string | undefined;
  readonly value: string | undefined;
}
