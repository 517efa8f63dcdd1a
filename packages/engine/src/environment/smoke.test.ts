import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SmokeTest } from '../config/settings.ts';
import { systemClock } from '../lib/clock.ts';
import { judgeSmokeAnswer, runSmokeTests } from './smoke.ts';

let server: Server;
let baseUrl: string;
const asked: string[] = [];

beforeEach(async () => {
  asked.length = 0;
  server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  asked.push(`${request.method} ${request.url}`);
  if (request.url === '/never') return;
  if (request.url === '/page') response.end('<h1>Fresh bread</h1> <p>at 4 EUR</p>');
  else if (request.url === '/echo') {
    const { 'content-type': type, 'x-preview': preview } = request.headers;
    response.end(JSON.stringify({ type, preview, body: Buffer.concat(chunks).toString(), items: [{ price: 4 }] }));
  } else response.writeHead(500).end(`{"error":"price list not found"}`);
}

const test = (name: string, path: string, changed: Partial<SmokeTest> = {}): SmokeTest => ({
  name,
  method: 'GET',
  path,
  headers: {},
  body: undefined,
  timeoutMs: 10_000,
  expect: { status: 200, json: {}, text: [] },
  ...changed,
});

const run = (tests: readonly SmokeTest[], more: object = {}) =>
  runSmokeTests({ baseUrl, tests, totalMs: 30_000, clock: systemClock, ...more });

describe('smoke tests', () => {
  it('report where a redirect leads, without its secret parts', () => {
    const headers = { location: 'https://user:pw@shop.example.com/login?token=secret' };
    expect(judgeSmokeAnswer({ status: 302, body: '', headers }, { status: 200, json: {}, text: [] })).toBe(
      'expected status 200, got 302 to https://shop.example.com/login?…',
    );
  });

  it('pass when every answer is as expected', async () => {
    const expectation = {
      status: 200,
      json: { 'items.0.price': 4, body: '{"id":1}', type: 'application/json', preview: 'yes' },
      text: [],
    };
    const order = test('order', '/echo', { method: 'POST', body: '{"id":1}', expect: expectation });
    const page = test('page', '/page', { expect: { status: 200, json: {}, text: ['Fresh bread', '4 EUR'] } });
    const report = await run([order, page], { headers: { 'x-preview': 'yes' } });
    expect(report.results.map(({ name, passed, problem }) => ({ name, passed, problem }))).toEqual([
      { name: 'order', passed: true, problem: undefined },
      { name: 'page', passed: true, problem: undefined },
    ]);
    expect(report.passed).toBe(true);
    expect(asked).toEqual(['POST /echo', 'GET /page']);
  });

  it('go on after a failure, so that all failures are reported at once', async () => {
    const report = await run([
      test('checkout', '/checkout', { method: 'POST', body: '{}' }),
      test('page', '/page', { expect: { status: 200, json: {}, text: ['Fresh bread', 'Stale bread'] } }),
      test('echo', '/echo', { expect: { status: 200, json: { 'items.0.price': '4' }, text: [] } }),
      test('good', '/page'),
    ]);
    expect(report.passed).toBe(false);
    expect(report.results.map(({ problem }) => problem)).toEqual([
      'expected status 200, got 500: {"error":"price list not found"}',
      'expected the text "Stale bread", got <h1>Fresh bread</h1> <p>at 4 EUR</p>',
      expect.stringMatching(/^expected items\.0\.price to be "4", got 4 in \{/),
      undefined,
    ]);
  });

  it('each have their own limit, and all together another', async () => {
    const slow = test('slow', '/never', { timeoutMs: 300 });
    const report = await run([slow, test('slower', '/never', { timeoutMs: 60_000 }), test('last', '/page')], {
      totalMs: 900,
    });
    expect(report.results.map(({ name, passed }) => `${name} ${passed}`)).toEqual([
      'slow false',
      'slower false',
      'last false',
    ]);
    expect(report.results[0]?.problem).toBe(`GET ${baseUrl}/never gave no answer within 300 ms`);
    expect(report.results[1]?.problem).toMatch(/gave no answer within \d{1,3} ms$/);
    expect(report.results[2]?.problem).toBe('not run: the limit of 900 ms for all smoke tests was used up');
    expect(asked).not.toContain('GET /page');
  });

  it('report that the service does not answer', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    const { results } = await run([test('page', '/page')], { baseUrl: `http://127.0.0.1:${port}` });
    expect(results[0]?.problem).toBe(
      `GET http://127.0.0.1:${port}/page failed: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('are over when their signal aborts', async () => {
    const stop = new AbortController();
    const running = run([test('slow', '/never')], { signal: stop.signal });
    stop.abort(new Error('the deployment was aborted'));
    await expect(running).rejects.toThrow('the deployment was aborted');
  });
});

it('quotes at most 200 characters of a wrong answer, on one line', () => {
  const problem = judgeSmokeAnswer(
    { status: 404, body: `\n${'long '.repeat(500)}` },
    { status: 200, json: {}, text: [] },
  );
  expect(problem).toMatch(/^expected status 200, got 404: long long [^\n]*…$/);
  expect(problem?.length).toBe('expected status 200, got 404: '.length + 200);
});
