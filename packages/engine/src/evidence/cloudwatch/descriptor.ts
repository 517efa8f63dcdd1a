// CloudWatch, as the configuration and the engine know it.

import { z } from 'zod';
import type { Draft } from '../../config/kit/draft.ts';
import type { Path } from '../../config/kit/path.ts';
import { error, type Finding } from '../../config/kit/problems.ts';
import { duration, matching } from '../../config/kit/values.ts';
import { parseDuration } from '../../lib/units.ts';
import type { EvidenceDriver } from '../driver.ts';
import { checkPlaceholders, oneOfBoth } from '../pair-keys.ts';
import { namesSide } from '../placeholders.ts';
import { apiUrl, secretKey } from '../service-keys.ts';
import type { CloudwatchMetric, CloudwatchSettings } from './settings.ts';
import { createCloudwatchSource } from './source.ts';

const word = (what: string) => matching(/^[\x20-\x7e]{1,255}$/, what);

const metricKeys = {
  metric: word('the name of a metric').describe('Name of the metric.'),
  dimensions: z
    .record(word('the name of a dimension'), word('the value of a dimension'))
    .describe('All its dimensions, by their names; {{slot}} is filled in. Default: none.')
    .optional(),
};

const counts = (what: string) => z.strictObject(metricKeys).describe(`${what}, the Sum of each period.`).optional();

const keys = z
  .strictObject({
    region: matching(/^[a-z]{2}(-[a-z]{2,12}){1,3}-\d{1,2}$/, 'a region such as eu-central-1').describe('Its region.'),
    url: apiUrl().describe('The API. Default: https://monitoring.<region>.amazonaws.com.').optional(),
    accessKeyId: secretKey().describe('Access key with cloudwatch:GetMetricData and cloudwatch:ListMetrics.'),
    secretAccessKey: secretKey().describe('Its secret; from the environment.'),
    sessionToken: secretKey().describe('Of a temporary access key. Default: none.').optional(),
    namespace: word('a namespace such as shop or AWS/ECS').describe('Namespace of the metrics.'),
    bad: counts('What failed on a side'),
    all: counts('All of it, which must agree with the requests that the load balancer counts'),
    value: z
      .strictObject({
        ...metricKeys,
        stat: matching(
          /^(Average|Sum|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d{1,2})?)$/,
          'a statistic such as Average or p99',
        )
          .describe('Average, Sum, Minimum, Maximum, SampleCount or p99. Default: Average.')
          .optional(),
      })
      .describe('In place of bad and all: one metric of the new side.')
      .optional(),
    period: duration().describe('Of the metrics: 10s, 30s or minutes. Default: 60s.').optional(),
    lag: duration().describe('How old a period must be before it is read. Default: 2m.').optional(),
  })
  .describe('What CloudWatch is asked.');

type Own = z.infer<typeof keys>;

export const cloudwatch: EvidenceDriver<typeof keys, CloudwatchSettings> = {
  name: 'cloudwatch',
  summary: "CloudWatch's metrics, by its HTTP API",
  keys,
  takesAuthorization: false,
  isPair: (own) => own?.value === undefined,
  isNumber: (own) => own?.value !== undefined,
  check: (own, at) => [...oneOfBoth(own, at), ...checkMetrics(own, at), ...checkPeriod(own, at)],
  secrets: ({ accessKeyId, secretAccessKey, sessionToken }) => ({
    ...{ accessKeyId, secretAccessKey },
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }),
  resolve: ({ region, url, namespace, bad, all, value, period = '60s', lag = '2m' }) => ({
    ...{ region, namespace, url: url ?? `https://monitoring.${region}.amazonaws.com` },
    ...{ bad: bad && metricOf(bad, 'Sum'), all: all && metricOf(all, 'Sum') },
    value: value && metricOf(value, value.stat ?? 'Average'),
    spanMs: parseDuration(period),
    lagMs: parseDuration(lag),
  }),
  describe: ({ namespace, bad, all, value }) =>
    value === undefined
      ? `${namespace} ${bad?.metric} of ${all?.metric}`
      : `${value.stat} of ${namespace} ${value.metric}`,
  create: createCloudwatchSource,
};

type MetricFile = NonNullable<Own['bad']>;

const metricOf = ({ metric, dimensions = {} }: MetricFile, stat: string): CloudwatchMetric => ({
  ...{ metric, dimensions, stat },
});

function checkMetrics(own: Draft<Own>, at: Path): readonly Finding[] {
  return (['bad', 'all', 'value'] as const).flatMap((key) => {
    const metric = own?.[key];
    if (metric === undefined) return [];
    const values = Object.entries(metric.dimensions ?? {});
    const placeholders = values.flatMap(([name, value]) => checkPlaceholders(value, [...at, key, 'dimensions', name]));
    const isOfSide = values.some(([, value]) => value !== undefined && namesSide(value));
    if (placeholders.length > 0 || isOfSide || key === 'value') return placeholders;
    return [
      error([...at, key], 'asks the same of both sides; expected {{slot}}, {{version}} or {{port}} in a dimension'),
    ];
  });
}

/** What CloudWatch accepts, and counts soon enough. */
function checkPeriod(own: Draft<Own>, at: Path): readonly Finding[] {
  if (own?.period === undefined) return [];
  const seconds = parseDuration(own.period) / 1000;
  return seconds === 10 || seconds === 30 || (seconds % 60 === 0 && seconds >= 60 && seconds <= 300)
    ? []
    : [error([...at, 'period'], `expected 10s, 30s, or whole minutes up to 5m, found ${own.period}`)];
}
