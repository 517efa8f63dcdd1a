// Prometheus' own HTTP API, as far as it is used: one query at one time. Its answer is taken apart here, and nowhere
// trusted.

import { z } from 'zod';
import { BlueGreenError } from '../../lib/errors.ts';
import { bodyOf, firstWords, jsonIn, placeOf } from '../http-source.ts';
import type { Labels } from '../selector.ts';

export interface Api {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly timeoutMs: number;
}

export type QueryResult =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'vector'; readonly series: readonly { readonly labels: Labels; readonly value: number }[] }
  | { readonly kind: 'matrix'; readonly series: readonly RawSeries[] };

export interface RawSeries {
  readonly labels: Labels;
  readonly samples: readonly (readonly [atMs: number, value: number])[];
}

const labels = z.record(z.string(), z.string());
const sample = z.tuple([z.number(), z.string()]);
const answer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('error'), errorType: z.string().optional(), error: z.string().optional() }),
  z.object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('scalar'), result: sample }),
      z.object({ resultType: z.literal('string'), result: sample }),
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: sample })) }),
      z.object({
        resultType: z.literal('matrix'),
        result: z.array(z.object({ metric: labels, values: z.array(sample) })),
      }),
    ]),
  }),
]);

/** @throws BlueGreenError `evidence-unreadable`, `http-failed`, `http-timeout` */
export async function query(api: Api, text: string, atMs: number, signal: AbortSignal): Promise<QueryResult> {
  const { url, authorization, timeoutMs } = api;
  const seconds = Math.max(1, Math.ceil(timeoutMs / 1000));
  const request = {
    url: `${url.replace(/\/+$/, '')}/api/v1/query`,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: new URLSearchParams({ query: text, time: (atMs / 1000).toFixed(3), timeout: `${seconds}s` }).toString(),
    timeoutMs,
    signal,
  };
  const body = await bodyOf(request);
  const read = answer.safeParse(jsonIn(body, placeOf(request)));
  if (!read.success)
    throw new BlueGreenError(
      'evidence-unreadable',
      `${placeOf(request)} answered what no Prometheus answers: ${firstWords(body)}`,
    );
  if (read.data.status === 'error')
    throw new BlueGreenError('evidence-unreadable', `Prometheus refused the query: ${read.data.error ?? 'no reason'}`);
  return resultOf(read.data.data);
}

type Read = Extract<z.infer<typeof answer>, { status: 'success' }>['data'];

function resultOf(read: Read): QueryResult {
  switch (read.resultType) {
    case 'scalar':
      return { kind: 'number', value: numberIn(read.result[1]) };
    case 'vector':
      return {
        kind: 'vector',
        series: read.result.map(({ metric, value }) => ({ labels: metric, value: numberIn(value[1]) })),
      };
    case 'matrix':
      return {
        kind: 'matrix',
        series: read.result.map(({ metric, values }) => ({
          labels: metric,
          samples: values.map(([at, value]) => [at * 1000, numberIn(value)] as const),
        })),
      };
    case 'string':
      throw new BlueGreenError('evidence-unreadable', 'the query returns a text, and no number');
    default:
      return read satisfies never;
  }
}

/** `NaN`, `+Inf` and `-Inf` are numbers of Prometheus; any other text is none. */
function numberIn(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return /^[-+]?(\d|\.\d)[\d.]*(e[-+]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
