// The service's own page of metrics, read from both sides at the same moment: no server between.

import { z } from 'zod';
import { urlPath } from '../../config/kit/values.ts';
import type { EvidenceDriver } from '../driver.ts';
import { checkPair, oneOfBoth, pairKeys } from '../pair-keys.ts';
import { createMetricsSource, type MetricsSettings } from './source.ts';

const keys = z
  .strictObject({
    path: urlPath().describe('Where the service answers with its metrics. Default: /metrics.').optional(),
    ...pairKeys,
  })
  .describe('What the metrics of the service itself are read for.');

export const metrics: EvidenceDriver<typeof keys, MetricsSettings> = {
  name: 'metrics',
  summary: "the service's own metrics, in Prometheus' text format",
  keys,
  takesAuthorization: true,
  isPair: () => true,
  check: (own, at) => [...oneOfBoth(own, at), ...checkPair(own, at, true)],
  resolve: ({ path = '/metrics', bad = '', all = '' }) => ({ path, bad, all }),
  describe: ({ path, bad, all }) => `${bad} of ${all} at ${path}`,
  create: createMetricsSource,
};
