// Prometheus, as the configuration and the engine know it.

import { z } from 'zod';
import type { Draft } from '../../config/kit/draft.ts';
import type { Path } from '../../config/kit/path.ts';
import { type Finding, warning } from '../../config/kit/problems.ts';
import { duration, matching, text } from '../../config/kit/values.ts';
import { parseDuration } from '../../lib/units.ts';
import type { EvidenceDriver } from '../driver.ts';
import { checkPair, checkPlaceholders, oneOfBoth, pairKeys } from '../pair-keys.ts';
import type { PrometheusSettings } from './settings.ts';
import { createPrometheusSource } from './source.ts';

const keys = z
  .strictObject({
    url: matching(/^https?:\/\/[^\s?#]{1,500}$/, 'an address such as http://127.0.0.1:9090').describe(
      'Address of the server, without /api/v1.',
    ),
    ...pairKeys,
    value: text()
      .describe('In place of bad and all: a query in PromQL about the new side that returns one number.')
      .optional(),
    scrape: duration().describe('How often the server reads the service. Default: 15s.').optional(),
    lag: duration().describe('How old a value must be before it is asked for. Default: as scrape.').optional(),
  })
  .describe('What a Prometheus server is asked.');

type Own = z.infer<typeof keys>;

export const prometheus: EvidenceDriver<typeof keys, PrometheusSettings> = {
  name: 'prometheus',
  summary: 'a Prometheus server, or what speaks its HTTP API',
  keys,
  takesAuthorization: true,
  isPair: (own) => own?.value === undefined,
  isNumber: (own) => own?.value !== undefined,
  check: (own, at) => [
    ...oneOfBoth(own, at),
    ...checkPair(own, at),
    ...checkPlaceholders(own?.value, [...at, 'value']),
    ...youngRate(own, at),
  ],
  resolve: ({ url, bad, all, value, scrape = defaultScrape, lag = scrape }) => {
    const scrapeMs = parseDuration(scrape);
    return { url, bad, all, value, scrapeMs, lagMs: parseDuration(lag), windowMs: Math.max(120_000, 8 * scrapeMs) };
  },
  describe: ({ bad, all, value }) => value ?? `${bad} of ${all}`,
  create: createPrometheusSource,
};

const defaultScrape = '15s';

/** A rate over fewer than four scrapes has no value, or a wild one, where a side is young. */
function youngRate(own: Draft<Own>, at: Path): readonly Finding[] {
  const scrapeMs = parseDuration(own?.scrape ?? defaultScrape);
  const spans = [...(own?.value ?? '').matchAll(/\b(?:i?rate|increase)\s*\([^[\]]*\[(\d{1,9}(?:ms|s|m|h|d))\]/g)];
  return spans
    .filter(([, span = '']) => parseDuration(span) < 4 * scrapeMs)
    .map(([, span]) =>
      warning(
        [...at, 'value'],
        `looks back ${span}, less than four scrapes (${own?.scrape ?? defaultScrape}); a new side has no such rate yet`,
      ),
    );
}
