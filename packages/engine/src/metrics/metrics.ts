// What the product says of itself to a monitoring system, in OpenMetrics. Everything is read from the state, so each
// process of an installation says the same, whichever of them drives.

import type { OpenMetricsContentType } from 'prom-client';
import type { Metrics, MetricsText } from '../api/metrics.ts';
import { createEndedCounts } from './ended.ts';
import { createGauges } from './gauges.ts';
import type { MetricsParts } from './parts.ts';

export function createMetrics(parts: MetricsParts): Metrics {
  let reader: ReturnType<typeof createReader> | undefined;
  let reading: Promise<MetricsText> | undefined;
  return {
    read: () => {
      reading ??= (async () => {
        reader ??= createReader(parts);
        return (await reader)();
      })().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}

/** The library is loaded by those who are asked for metrics. */
async function createReader(parts: MetricsParts): Promise<() => Promise<MetricsText>> {
  const client = await import('prom-client');
  const registry = new client.Registry<OpenMetricsContentType>();
  registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
  client.collectDefaultMetrics({ register: registry });
  const countEnded = createEndedCounts(client, registry, parts);
  const setGauges = createGauges(client, registry, parts);
  return async () => {
    await countEnded();
    setGauges();
    return { contentType: registry.contentType, text: await registry.metrics() };
  };
}
