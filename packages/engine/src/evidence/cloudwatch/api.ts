// CloudWatch's HTTP API, as far as it is used: JSON over one signed POST. Its answer is taken apart here, and nowhere
// trusted. aws4fetch signs: it has no dependency, and is loaded where a source of this kind asks.

import { z } from 'zod';
import type { Clock } from '../../lib/clock.ts';
import { BlueGreenError } from '../../lib/errors.ts';
import { httpRequest } from '../../lib/http.ts';
import { firstWords, jsonIn, placeOf } from '../http-source.ts';
import { NoNumberError } from '../no-number.ts';
import { createRateLimit, type RateLimit } from '../rate-limit.ts';
import type { Span } from '../spans.ts';

export interface Api {
  readonly url: string;
  readonly region: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly limit: RateLimit;
}

export const createApi = (parts: Omit<Api, 'limit'>): Api => ({
  ...parts,
  limit: createRateLimit('CloudWatch', parts.clock),
});

/** `Dimensions` with their values filled in. */
export interface MetricQuery {
  readonly id: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat: string;
}

export interface Asked {
  readonly fromMs: number;
  /** Exclusive. */
  readonly untilMs: number;
  readonly spanMs: number;
}

const metricData = z.object({
  MetricDataResults: z.array(
    z.object({
      Id: z.string(),
      /** Seconds since the epoch. */
      Timestamps: z.array(z.number()).default([]),
      Values: z.array(z.number()).default([]),
      StatusCode: z.string().optional(),
      Messages: z.array(z.object({ Value: z.string().optional() })).optional(),
    }),
  ),
  NextToken: z.string().nullish(),
});

/** Each query has exactly one result. @throws BlueGreenError `evidence-unreadable`, `http-failed`, `http-timeout` */
export async function metricSpans(
  api: Api,
  queries: readonly MetricQuery[],
  { fromMs, untilMs, spanMs }: Asked,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Span[]>> {
  const body = {
    StartTime: Math.floor(fromMs / 1000),
    EndTime: Math.floor(untilMs / 1000),
    ScanBy: 'TimestampAscending',
    MetricDataQueries: queries.map(({ id, stat, ...metric }) => ({
      Id: id,
      MetricStat: { Metric: metricIn(metric), Period: spanMs / 1000, Stat: stat },
    })),
  };
  const found = await call(api, { action: 'GetMetricData', body, shape: metricData }, signal);
  if (found.NextToken) throw unreadable('CloudWatch answered in several pages; one is read');
  const results = found.MetricDataResults;
  const unfinished = results.find(({ StatusCode }) => StatusCode !== undefined && StatusCode !== 'Complete');
  if (unfinished)
    throw unreadable(
      `CloudWatch answered ${unfinished.StatusCode}: ${firstWords(unfinished.Messages?.[0]?.Value ?? 'no reason')}`,
    );
  return new Map(queries.map(({ id, metric }) => [id, spansOf(results, { id, metric })]));
}

type Results = z.infer<typeof metricData>['MetricDataResults'];

function spansOf(results: Results, { id, metric }: Pick<MetricQuery, 'id' | 'metric'>): readonly Span[] {
  const own = results.filter((result) => result.Id === id);
  const [only] = own;
  if (only === undefined) throw unreadable(`CloudWatch answered without ${metric}`);
  if (own.length > 1)
    throw new NoNumberError('several', `CloudWatch answered with ${own.length} series of ${metric}, and one is needed`);
  if (only.Timestamps.length !== only.Values.length)
    throw unreadable(`CloudWatch answered with ${only.Timestamps.length} times for ${only.Values.length} values`);
  return only.Timestamps.map((seconds, at) => ({ fromMs: seconds * 1000, count: only.Values[at] }));
}

const listedMetrics = z.object({ Metrics: z.array(z.unknown()).default([]) });

/** Whether CloudWatch knows such a metric; it forgets one after two weeks without a value. */
export async function isListed(api: Api, asked: Omit<MetricQuery, 'id' | 'stat'>, signal: AbortSignal) {
  const { Namespace, MetricName, Dimensions } = metricIn(asked);
  const filter = { Namespace, MetricName, ...(Dimensions.length === 0 ? {} : { Dimensions }) };
  const { Metrics } = await call(api, { action: 'ListMetrics', body: filter, shape: listedMetrics }, signal);
  return Metrics.length > 0;
}

const metricIn = ({ namespace, metric, dimensions }: Omit<MetricQuery, 'id' | 'stat'>) => ({
  Namespace: namespace,
  MetricName: metric,
  Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
});

const problem = z.object({ __type: z.string(), message: z.string().optional(), Message: z.string().optional() });

interface Call<T> {
  readonly action: string;
  readonly body: object;
  readonly shape: z.ZodType<T>;
}

async function call<T>(api: Api, { action, body: asked, shape }: Call<T>, signal: AbortSignal): Promise<T> {
  const { limit, timeoutMs } = api;
  limit.check();
  const unsigned: Unsigned = {
    url: `${api.url.replace(/\/+$/, '')}/`,
    body: JSON.stringify(asked),
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `GraniteServiceVersion20100801.${action}`,
    },
  };
  const signed = await sign(unsigned, { ...api, service: 'monitoring', nowMs: api.clock.now() });
  const request = { ...unsigned, headers: signed, method: 'POST', timeoutMs, signal };
  const answer = await httpRequest(request);
  const place = placeOf(request);
  if (answer.status === 429) limit.reached(answer);
  const body = jsonIn(answer.body, `${place} (${answer.status})`);
  const refused = problem.safeParse(body);
  if (refused.success) {
    const kind = refused.data.__type.replace(/^.*#/, '');
    if (/throttl|limitexceeded/i.test(kind)) limit.reached(answer);
    throw unreadable(`CloudWatch refused: ${kind}: ${firstWords(refused.data.message ?? refused.data.Message ?? '')}`);
  }
  const read = shape.safeParse(body);
  if (answer.status === 200 && read.success) return read.data;
  throw unreadable(`${place} answered ${answer.status} what CloudWatch does not answer: ${firstWords(answer.body)}`);
}

const unreadable = (sentence: string): BlueGreenError => new BlueGreenError('evidence-unreadable', sentence);

export interface Unsigned {
  readonly url: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Signing {
  readonly secrets: Readonly<Record<string, string>>;
  readonly service: string;
  readonly region: string;
  readonly nowMs: number;
}

/** All headers of the request, with its signature (AWS Signature Version 4). */
export async function sign(
  { method = 'POST', ...request }: Unsigned,
  { secrets, service, region, nowMs }: Signing,
): Promise<Readonly<Record<string, string>>> {
  const { AwsV4Signer } = await import('aws4fetch');
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = secrets;
  const datetime = new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const signer = new AwsV4Signer({
    ...request,
    ...{ method, service, region, datetime, accessKeyId, secretAccessKey },
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });
  const { headers } = await signer.sign();
  return Object.fromEntries([...headers].filter(([name]) => name !== 'host'));
}
