// Against a local server that was written from Datadog's documentation of its API (v1, query timeseries points), since no
// account of Datadog is used in tests.

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Answer } from '../../domain/evidence.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Received, type ScriptedServer, startScriptedServer } from '../testing/scripted-server.ts';
import { questionAbout } from '../testing/sides.ts';
import { datadog } from './descriptor.ts';

let server: ScriptedServer;
beforeAll(async () => {
  server = await startScriptedServer();
});
afterAll(() => server.close());

const question = questionAbout({ stable: 'v1', canary: 'v2' });
const usage = () => Promise.reject(new Error('nothing asks the machine here'));
const bad = 'sum:shop.orders{slot:{{slot}},result:failed}.as_count()';
const all = 'sum:shop.orders{slot:{{slot}}}.as_count()';

type File = Parameters<typeof datadog.resolve>[0];
const keys = { apiKey: 'the-api-key', applicationKey: 'the-application-key' };

function sourceOf(own: Partial<File> = { bad, all }, more: { clock?: typeof systemClock; timeoutMs?: number } = {}) {
  const file: File = { url: server.url, ...keys, ...own };
  const secrets = datadog.secrets?.(file) ?? {};
  const { clock = systemClock, timeoutMs = 5_000 } = more;
  return datadog.create({
    settings: datadog.resolve(file),
    ...{ authorization: undefined, secrets, timeoutMs, clock, usage },
  });
}

const ask = (source = sourceOf()): Promise<Answer> => source.ask(question, AbortSignal.timeout(20_000));

const series = (more: object) => ({ scope: '*', interval: 20, ...more });
const answered = (...found: readonly object[]) => ({ body: { status: 'ok', series: found } });

/** The points of the window that was asked for: each span has `count`. */
function pointsFor({ url }: Received, count: number | null): readonly (readonly [number, number | null])[] {
  const [from, to] = ['from', 'to'].map((name) => Number(url.searchParams.get(name)) * 1000);
  const begins: number[] = [];
  for (let at = from ?? 0; at < (to ?? 0); at += 20_000) begins.push(at);
  return begins.map((at) => [at, count]);
}

const queryOf = ({ url }: Received): string => url.searchParams.get('query') ?? '';

const sum = (answer: Answer, side: 'stable' | 'canary', part: 'bad' | 'all'): number =>
  answer.kind === 'counters'
    ? answer[side][part].flatMap(({ samples }) => samples).reduce((total, [, value]) => total + value, 0)
    : Number.NaN;

it('asks for whole spans of the past of both sides, with its keys in headers alone', async () => {
  server.answers((request) => {
    if (queryOf(request).includes('slot:green,result:failed'))
      return answered(series({ pointlist: pointsFor(request, 2) }));
    if (queryOf(request).includes('failed')) return answered();
    return answered(series({ pointlist: pointsFor(request, 10) }));
  });
  const answer = await ask();
  const spans = 15;
  expect([sum(answer, 'stable', 'all'), sum(answer, 'canary', 'all'), sum(answer, 'canary', 'bad')]).toEqual([
    10 * spans,
    10 * spans,
    2 * spans,
  ]);
  // No failure at all is no series, and not no data.
  expect(answer.kind === 'counters' && answer.stable.bad).toEqual([]);
  expect(server.received.map(queryOf).toSorted()).toEqual([
    'sum:shop.orders{slot:blue,result:failed}.as_count().rollup(sum, 20)',
    'sum:shop.orders{slot:blue}.as_count().rollup(sum, 20)',
    'sum:shop.orders{slot:green,result:failed}.as_count().rollup(sum, 20)',
    'sum:shop.orders{slot:green}.as_count().rollup(sum, 20)',
  ]);
  for (const { headers, url } of server.received) {
    expect(headers).toMatchObject({ 'dd-api-key': keys.apiKey, 'dd-application-key': keys.applicationKey });
    expect(url.pathname + url.search).not.toMatch(/the-api-key|the-application-key/);
    expect(Date.now() - Number(url.searchParams.get('to')) * 1000).toBeGreaterThanOrEqual(60_000);
  }
});

it('counts a span without a value as nothing, where others have some', async () => {
  server.answers((request) => {
    const points = pointsFor(request, null);
    return answered(series({ pointlist: [...points.slice(0, 4), [points[4]?.[0], 7], ...points.slice(5)] }));
  });
  const answer = await ask();
  expect(sum(answer, 'canary', 'all')).toBe(7);
});

it('takes the newest value that is old enough for a number', async () => {
  server.answers((request) => {
    const to = Number(request.url.searchParams.get('to')) * 1000;
    return answered(
      series({
        interval: 10,
        pointlist: [
          [to - 40_000, 3],
          [to - 20_000, 4.5],
          [to - 15_000, null],
          [to, 99],
        ],
      }),
    );
  });
  expect(await ask(sourceOf({ value: 'avg:shop.heap{slot:{{slot}}}' }))).toEqual({ kind: 'number', value: 4.5 });
  expect(server.received.map(queryOf)).toEqual(['avg:shop.heap{slot:green}']);
});

const none: readonly (readonly [string, string, (request: Received) => object, RegExp])[] = [
  ['a metric that it has never seen', 'no-series', () => answered(), /no shop\.orders within an hour/],
  [
    'a side without a series',
    'empty',
    (request) =>
      queryOf(request).includes('{*}') ? answered(series({ pointlist: pointsFor(request, 1) })) : answered(),
    /returns nothing/,
  ],
  [
    'a side that stopped',
    'stale',
    (request) =>
      queryOf(request).includes('rollup') ? answered() : answered(series({ pointlist: pointsFor(request, 1) })),
    /had some within an hour/,
  ],
  [
    'a count below zero',
    'not-a-number',
    (request) => answered(series({ pointlist: pointsFor(request, -1) })),
    /no count/,
  ],
  [
    'several series',
    'several',
    (request) => answered(series({ pointlist: pointsFor(request, 1) }), series({ pointlist: pointsFor(request, 1) })),
    /is 2 series/,
  ],
  ['NaN', 'failed', () => ({ body: '{"status":"ok","series":[{"pointlist":[[1,NaN]]}]}' }), /answered no JSON/],
  [
    'a text for a number',
    'failed',
    () => answered(series({ pointlist: [[1, 'much']] })),
    /what Datadog does not answer/,
  ],
  ['a page', 'failed', () => ({ body: '<html>sign in</html>' }), /answered no JSON: <html>sign in/],
  ['wrong keys', 'failed', () => ({ status: 403, body: { errors: ['Forbidden'] } }), /refused the keys \(403\)/],
  [
    'a refused query',
    'failed',
    () => ({ body: { status: 'error', error: 'Rule 0', series: [] } }),
    /refused the query: Rule 0/,
  ],
  ['its own fault', 'failed', () => ({ status: 502, body: 'bad gateway' }), /answered 502: bad gateway/],
  [
    'wider spans',
    'failed',
    (request) => answered(series({ interval: 60, pointlist: pointsFor(request, 1) })),
    /spans of 60 s/,
  ],
];

it.each(none)('%s is %s', async (_, why, respond, sentence) => {
  server.answers(respond);
  const answer = await ask();
  expect(answer).toMatchObject({ kind: 'none', why, sentence: expect.stringMatching(sentence) });
  expect(JSON.stringify(answer)).not.toMatch(/the-api-key|the-application-key/);
});

it('a server that is silent ends at the limit, and one that is not there at once', async () => {
  server.answers(() => ({}));
  expect(await ask(sourceOf({ bad, all }, { timeoutMs: 300 }))).toMatchObject({ kind: 'none', why: 'failed' });
  expect(await ask(sourceOf({ bad, all, url: 'http://127.0.0.1:1' }))).toMatchObject({ kind: 'none', why: 'failed' });
});

it('is not asked before its limit allows it again', async () => {
  let now = 1_000_000;
  const clock = { ...systemClock, monotonic: () => now };
  const source = sourceOf({ value: 'avg:shop.heap{slot:{{slot}}}' }, { clock });
  server.answers(() => ({ status: 429, headers: { 'x-ratelimit-reset': '42' }, body: { errors: ['Rate limit'] } }));
  expect(await ask(source)).toMatchObject({ why: 'failed', sentence: expect.stringContaining('asked again in 42 s') });
  now += 30_000;
  expect(await ask(source)).toMatchObject({ why: 'failed', sentence: expect.stringContaining('asked again in 12 s') });
  expect(server.received).toHaveLength(1);
  now += 13_000;
  server.answers((request) => answered(series({ pointlist: pointsFor(request, 1) })));
  expect(await ask(source)).toEqual({ kind: 'number', value: 1 });
});

it('refuses a value that would end the tags, and asks nothing', async () => {
  server.answers(() => answered());
  const source = sourceOf({ bad: bad.replace('{{slot}}', '{{version}}'), all: all.replace('{{slot}}', '{{version}}') });
  const odd = questionAbout({ stable: 'v1', canary: 'v2,slot:blue' });
  expect(await source.ask(odd, AbortSignal.timeout(5_000))).toMatchObject({
    why: 'failed',
    sentence: expect.stringContaining('cannot be the value of a tag'),
  });
  expect(server.received.every((request) => !queryOf(request).includes('v2'))).toBe(true);
});
