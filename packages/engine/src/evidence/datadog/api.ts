// Datadog's HTTP API, as far as it is used: time series points (v1, which says how long its spans are). Its answer is taken
// apart here, and nowhere trusted.

import { z } from 'zod';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { httpRequest } from '../../lib/http.ts';
import { firstWords, jsonIn, placeOf } from '../http-source.ts';
import { createRateLimit, type RateLimit } from '../rate-limit.ts';
import type { Span } from '../spans.ts';

export interface Api {
  readonly url: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly limit: RateLimit;
}

export interface DatadogSeries {
  readonly name: string;
  readonly spanMs: number | undefined;
  readonly spans: readonly Span[];
}

export const createApi = (parts: Omit<Api, 'limit'> & { readonly clock: Clock }): Api => ({
  ...parts,
  limit: createRateLimit('Datadog', parts.clock),
});

const answer = z.object({
  status: z.string().optional(),
  error: z.string().optional(),
  series: z.array(
    z.object({
      expression: z.string().optional(),
      scope: z.string().optional(),
      /** Seconds. */
      interval: z.number().optional(),
      pointlist: z.array(z.tuple([z.number(), z.number().nullable()])),
    }),
  ),
});

export interface DatadogQuery {
  readonly text: string;
  readonly fromMs: number;
  /** Exclusive. */
  readonly untilMs: number;
}

/** @throws BlueGreenError `evidence-unreadable`, `http-failed`, `http-timeout` */
export async function query(
  { url, keys, timeoutMs, limit }: Api,
  { text, fromMs, untilMs }: DatadogQuery,
  signal: AbortSignal,
): Promise<readonly DatadogSeries[]> {
  limit.check();
  const seconds = { from: Math.floor(fromMs / 1000), to: Math.ceil(untilMs / 1000) - 1 };
  const asked = new URLSearchParams({ from: `${seconds.from}`, to: `${seconds.to}`, query: text });
  const request = { url: `${url.replace(/\/+$/, '')}/api/v1/query?${asked}`, headers: keys, timeoutMs, signal };
  const got = await httpRequest(request);
  if (got.status === 429) limit.reached(got);
  if (got.status === 401 || got.status === 403)
    throw new BlueGreenError(
      'evidence-unreadable',
      `Datadog refused the keys (${got.status}): ${firstWords(got.body)}`,
    );
  if (got.status !== 200)
    throw new BlueGreenError(
      'evidence-unreadable',
      `${placeOf(request)} answered ${got.status}: ${firstWords(got.body)}`,
    );
  const read = answer.safeParse(jsonIn(got.body, placeOf(request)));
  if (!read.success)
    throw new BlueGreenError(
      'evidence-unreadable',
      `${placeOf(request)} answered what Datadog does not answer: ${firstWords(got.body)}`,
    );
  const { status, error, series } = read.data;
  if (status === 'error' || (error ?? '') !== '')
    throw new BlueGreenError('evidence-unreadable', `Datadog refused the query: ${firstWords(error ?? '')}`);
  return series.map(({ expression, scope, interval, pointlist }) => ({
    name: expression ?? scope ?? text,
    spanMs: interval === undefined ? undefined : interval * 1000,
    spans: pointlist.map(([at, value]) => ({ fromMs: at, count: value ?? undefined })),
  }));
}
