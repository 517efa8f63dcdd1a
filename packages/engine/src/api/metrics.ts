// What the product says of itself to a monitoring system.

export interface MetricsText {
  readonly contentType: string;
  /** In the text format of OpenMetrics 1.0. */
  readonly text: string;
}

export interface Metrics {
  /** All that is measured now. Calls that overlap share one reading. */
  read(): Promise<MetricsText>;
}
