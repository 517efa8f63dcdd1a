export interface CloudwatchMetric {
  readonly metric: string;
  /** With placeholders. */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
}

export interface CloudwatchSettings {
  /** Of the API of the region. */
  readonly url: string;
  readonly region: string;
  readonly namespace: string;
  readonly lagMs: number;
  /** The period of the metrics. */
  readonly spanMs: number;
  /** A pair of counts of each side; undefined together, in favour of `value`. */
  readonly bad: CloudwatchMetric | undefined;
  readonly all: CloudwatchMetric | undefined;
  readonly value: CloudwatchMetric | undefined;
}
