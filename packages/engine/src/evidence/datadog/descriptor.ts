// Datadog, as the configuration and the engine know it.

import { z } from 'zod';
import type { Draft } from '../../config/kit/draft.ts';
import type { Path } from '../../config/kit/path.ts';
import { error, type Finding } from '../../config/kit/problems.ts';
import { duration, text } from '../../config/kit/values.ts';
import { parseDuration } from '../../lib/units.ts';
import type { EvidenceDriver } from '../driver.ts';
import { checkPlaceholders, oneOfBoth } from '../pair-keys.ts';
import { namesSide } from '../placeholders.ts';
import { apiUrl, secretKey } from '../service-keys.ts';
import type { DatadogSettings } from './settings.ts';
import { createDatadogSource } from './source.ts';

const counts = (what: string) =>
  text().describe(`${what}: sum:<metric>{<tags>}.as_count(). {{slot}} is filled in.`).optional();

const keys = z
  .strictObject({
    url: apiUrl().describe('The API of your site. Default: https://api.datadoghq.com.').optional(),
    apiKey: secretKey().describe('API key; from the environment.'),
    applicationKey: secretKey().describe('Application key with the scope timeseries_query; from the environment.'),
    bad: counts('What failed on a side'),
    all: counts('All of it, which must agree with the requests that the load balancer counts'),
    value: text().describe('In place of bad and all: a query about the new side that returns one series.').optional(),
    span: duration().describe('How long the spans are that are counted, at least 10s. Default: 20s.').optional(),
    lag: duration().describe('How old a span must be before it is read. Default: 60s.').optional(),
  })
  .describe('What Datadog is asked.');

type Own = z.infer<typeof keys>;

export const datadog: EvidenceDriver<typeof keys, DatadogSettings> = {
  name: 'datadog',
  summary: "Datadog's metrics, by its HTTP API",
  keys,
  takesAuthorization: false,
  isPair: (own) => own?.value === undefined,
  isNumber: (own) => own?.value !== undefined,
  check: (own, at) => [...oneOfBoth(own, at), ...checkCounts(own, at), ...checkSpan(own, at), ...checkValue(own, at)],
  secrets: ({ apiKey, applicationKey }) => ({ apiKey, applicationKey }),
  resolve: ({ url = 'https://api.datadoghq.com', bad, all, value, span = '20s', lag = '60s' }) => ({
    ...{ url, bad, all, value },
    spanMs: parseDuration(span),
    lagMs: parseDuration(lag),
  }),
  describe: ({ bad, all, value }) => value ?? `${bad} of ${all}`,
  create: createDatadogSource,
};

/** Without `by`, which makes several series, and without a function, which would change what is counted. */
const countQuery = /^sum:[A-Za-z][A-Za-z0-9_.]{0,199}\{[^{}]{1,1000}\}\.as_count\(\)$/;

function checkCounts(own: Draft<Own>, at: Path): readonly Finding[] {
  return (['bad', 'all'] as const).flatMap((key) => {
    const query = own?.[key];
    if (query === undefined) return [];
    const place = [...at, key];
    const placeholders = checkPlaceholders(query, place);
    if (placeholders.length > 0) return placeholders;
    if (!countQuery.test(query.replace(/\{\{[^{}]*\}\}/g, 'x')))
      return [error(place, 'expected a count such as sum:shop.orders{slot:{{slot}}}.as_count(), of one series')];
    return namesSide(query)
      ? []
      : [error(place, 'asks the same of both sides; expected one of {{slot}}, {{version}} or {{port}} in it')];
  });
}

const checkValue = (own: Draft<Own>, at: Path): readonly Finding[] => checkPlaceholders(own?.value, [...at, 'value']);

function checkSpan({ span }: Partial<NonNullable<Draft<Own>>> = {}, at: Path): readonly Finding[] {
  if (span === undefined) return [];
  const ms = parseDuration(span);
  return ms >= 10_000 && ms <= 300_000 && ms % 1_000 === 0
    ? []
    : [error([...at, 'span'], `expected whole seconds from 10s to 300s, found ${span}`)];
}
