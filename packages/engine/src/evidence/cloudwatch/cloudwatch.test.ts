// Against a local server that was written from AWS' documentation of GetMetricData and ListMetrics, since no account of
// AWS is used in tests. It verifies each signature by the steps of the documentation, with node:crypto.

import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../domain/evidence.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Received, type Scripted, type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts';
import { questionAbout } from '../testing/sides.ts';
import { sign } from './api.ts';
import { cloudwatch } from './descriptor.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const question = questionAbout({ stable: 'v1', canary: 'v2' });
const usage = () => Promise.reject(new Error('nothing asks the machine here'));

type File = Parameters<typeof cloudwatch.resolve>[0];
const pair = {
  bad: { metric: 'Failed', dimensions: { Slot: '{{slot}}' } },
  all: { metric: 'Orders', dimensions: { Slot: '{{slot}}' } },
};

function sourceOf(own: Partial<File> = pair, more: { clock?: typeof systemClock; timeoutMs?: number } = {}) {
  const file: File = { region: 'eu-central-1', namespace: 'shop', url: server.url, ...keys, ...own };
  const secrets = cloudwatch.secrets?.(file) ?? {};
  const { clock = systemClock, timeoutMs = 5_000 } = more;
  return cloudwatch.create({
    settings: cloudwatch.resolve(file),
    ...{ authorization: undefined, secrets, timeoutMs, clock, usage },
  });
}

const ask = (source = sourceOf()): Promise<Answer> => source.ask(question, AbortSignal.timeout(20_000));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The signature that these headers should have. */
function expectedSignature({ method, url, headers, body }: Received, secret: string): string {
  const said = String(headers.authorization);
  const [, date = '', region = '', service = ''] = /Credential=[^/]+\/(\d+)\/([^/]+)\/([^/]+)\//.exec(said) ?? [];
  const names = (/SignedHeaders=([^,]+)/.exec(said)?.[1] ?? '').split(';');
  const canonical = [
    method,
    url.pathname,
    '',
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer | string>(
    (sofar, part) => createHmac('sha256', sofar).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

/** As the service: a request with another signature gets no numbers. */
const verified =
  (respond: (request: Received) => Scripted) =>
  (request: Received): Scripted => {
    const signature = /Signature=([0-9a-f]{64})$/.exec(String(request.headers.authorization))?.[1];
    if (signature === expectedSignature(request, keys.secretAccessKey)) return respond(request);
    return refused('InvalidSignatureException', 'The request signature we calculated does not match');
  };

const refused = (kind: string, message: string): Scripted => ({
  status: 400,
  body: { __type: `com.amazonaws.cloudwatch#${kind}`, message },
});

interface AskedFor {
  readonly StartTime: number;
  readonly EndTime: number;
  readonly MetricDataQueries: readonly { readonly Id: string; readonly MetricStat: { readonly Period: number } }[];
}

const asked = ({ body }: Received): AskedFor => JSON.parse(body) as AskedFor;
const isList = ({ headers }: Received): boolean => String(headers['x-amz-target']).endsWith('.ListMetrics');

/** Every period has the value of its query; undefined: no value at all. */
const results =
  (countOf: (id: string) => number | undefined, more: object = {}) =>
  (request: Received): Scripted => {
    if (isList(request)) return { body: { Metrics: [] } };
    const { StartTime, EndTime, MetricDataQueries } = asked(request);
    return {
      body: {
        MetricDataResults: MetricDataQueries.map(({ Id, MetricStat: { Period } }) => {
          const value = countOf(Id);
          const times = Array.from({ length: (EndTime - StartTime) / Period }, (_, at) => StartTime + at * Period);
          const found = value === undefined ? [] : times;
          return { Id, Label: Id, Timestamps: found, Values: found.map(() => value), StatusCode: 'Complete', ...more };
        }),
        Messages: [],
      },
    };
  };

const sum = (answer: Answer, side: 'stable' | 'canary', part: 'bad' | 'all'): number =>
  answer.kind === 'counters'
    ? answer[side][part].flatMap(({ samples }) => samples).reduce((total, [, value]) => total + value, 0)
    : Number.NaN;

describe('the signature', () => {
  // Of AWS' published test suite for Signature Version 4.
  it.each([
    ['GET', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ])('of an empty %s is that of the published vectors', async (method, signature) => {
    const headers = await sign(
      { url: 'https://example.amazonaws.com/', method, headers: {} },
      { secrets: keys, service: 'service', region: 'us-east-1', nowMs: Date.UTC(2015, 7, 30, 12, 36, 0) },
    );
    expect(headers.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    );
  });

  it('is accepted by a server that verifies it, with a session token too, and a wrong secret is refused', async () => {
    server.answers(verified(results(() => 1)));
    expect((await ask()).kind).toBe('counters');
    expect((await ask(sourceOf({ ...pair, sessionToken: 'the-session' }))).kind).toBe('counters');
    expect(server.received.at(-1)?.headers['x-amz-security-token']).toBe('the-session');
    const answer = await ask(sourceOf({ ...pair, secretAccessKey: 'another-secret' }));
    expect(answer).toMatchObject({ why: 'failed', sentence: expect.stringContaining('InvalidSignatureException') });
    expect(JSON.stringify([answer, server.received])).not.toMatch(/another-secret|wJalrXUtnFEMI/);
  });
});

it('asks for whole periods of the past, all counts of both sides at once', async () => {
  server.answers(results((id) => (id === 'green_bad' ? 2 : id === 'blue_bad' ? undefined : 10)));
  const answer = await ask();
  const periods = 8;
  expect([sum(answer, 'stable', 'all'), sum(answer, 'canary', 'all'), sum(answer, 'canary', 'bad')]).toEqual([
    10 * periods,
    10 * periods,
    2 * periods,
  ]);
  expect(answer.kind === 'counters' && answer.stable.bad).toEqual([]);
  expect(server.received).toHaveLength(1);
  const [request] = server.received;
  expect(request?.headers['x-amz-target']).toBe('GraniteServiceVersion20100801.GetMetricData');
  const body = asked(request as Received);
  expect([body.EndTime % 60, body.StartTime % 60]).toEqual([0, 0]);
  expect(Date.now() / 1000 - body.EndTime).toBeGreaterThanOrEqual(120);
  expect(body.MetricDataQueries.find(({ Id }) => Id === 'green_bad')).toEqual({
    Id: 'green_bad',
    MetricStat: {
      Metric: { Namespace: 'shop', MetricName: 'Failed', Dimensions: [{ Name: 'Slot', Value: 'green' }] },
      Period: 60,
      Stat: 'Sum',
    },
  });
});

it('takes the newest value of a metric for a number', async () => {
  server.answers(results(() => 12.5));
  const source = sourceOf({ value: { metric: 'Heap', dimensions: { Slot: '{{slot}}' }, stat: 'p99' } });
  expect(await ask(source)).toEqual({ kind: 'number', value: 12.5 });
  expect(source.shown(question)).toEqual(['p99 of shop Heap{Slot=green}']);
});

const listed =
  (metrics: readonly object[]) =>
  (request: Received): Scripted =>
    isList(request) ? { body: { Metrics: metrics } } : results(() => undefined)(request);

const twice = (request: Received): Scripted => {
  const { body } = results(() => 1)(request);
  const { MetricDataResults } = body as { readonly MetricDataResults: readonly object[] };
  return { body: { MetricDataResults: [...MetricDataResults, ...MetricDataResults] } };
};

const stopped = (request: Received): Scripted => {
  const { StartTime, EndTime } = asked(request);
  return results(() => (EndTime - StartTime >= 3_600 ? 1 : undefined))(request);
};

const none: readonly (readonly [string, string, (request: Received) => Scripted, RegExp])[] = [
  ['a metric that is not known', 'no-series', listed([]), /knows no Orders in shop/],
  ['a side without a value', 'empty', listed([{ MetricName: 'Orders' }]), /knows Orders in shop, but has no value/],
  ['a side that stopped', 'stale', stopped, /had some within an hour/],
  ['a count below zero', 'not-a-number', results(() => -1), /no count has/],
  ['several series', 'several', twice, /2 series of/],
  ['part of the data', 'failed', results(() => 1, { StatusCode: 'PartialData' }), /answered PartialData/],
  [
    'pages',
    'failed',
    (request) => ({ body: { ...(results(() => 1)(request).body as object), NextToken: 'x' } }),
    /several pages/,
  ],
  ['NaN', 'failed', () => ({ body: '{"MetricDataResults":[{"Id":"a","Values":[NaN]}]}' }), /answered no JSON/],
  ['a text for a number', 'failed', results(() => 'much' as unknown as number), /what CloudWatch does not answer/],
  ['a page', 'failed', () => ({ status: 503, body: '<html>busy</html>' }), /answered no JSON: <html>busy/],
  [
    'no right',
    'failed',
    () => refused('AccessDeniedException', 'not authorized'),
    /AccessDeniedException: not authorized/,
  ],
];

it.each(none)('%s is %s', async (_, why, respond, sentence) => {
  server.answers(respond);
  expect(await ask()).toMatchObject({ kind: 'none', why, sentence: expect.stringMatching(sentence) });
});

it('a server that is silent ends at the limit', async () => {
  server.answers(() => ({}));
  expect(await ask(sourceOf(pair, { timeoutMs: 300 }))).toMatchObject({ kind: 'none', why: 'failed' });
});

it.each([refused('ThrottlingException', 'Rate exceeded'), { status: 429, body: 'slow down' }])(
  'is not asked again for 30 s once it limits how often: %j',
  async (limit) => {
    let now = 1_000_000;
    const clock = { ...systemClock, monotonic: () => now };
    const source = sourceOf(pair, { clock });
    server.answers(() => limit);
    expect(await ask(source)).toMatchObject({
      why: 'failed',
      sentence: expect.stringContaining('asked again in 30 s'),
    });
    now += 29_000;
    expect(await ask(source)).toMatchObject({ why: 'failed' });
    expect(server.received).toHaveLength(1);
    now += 2_000;
    server.answers(results(() => 1));
    expect((await ask(source)).kind).toBe('counters');
  },
);
