// Health by gRPC, by a connection and by a command, each with a real server or program.

import { createServer as createHttpServer } from 'node:http';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HealthSettings } from '../config/health/settings.ts';
import { probeHealth } from './health.ts';
import { healthRule } from './testing/health-rule.ts';

const rule: HealthSettings = {
  ...healthRule,
  type: 'tcp',
  fields: { ...healthRule.fields, status: 'status', okValues: ['ok'], version: 'version' },
};
const expected = { slot: 'green', version: 'v2' } as const;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listen(server: Server | Http2Server): Promise<string> {
  ends.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const probe = (url: string, changed: Partial<HealthSettings>, signal?: AbortSignal) =>
  probeHealth({ url, expected, settings: { ...rule, ...changed }, ...(signal ? { signal } : {}) });

describe('a connection', () => {
  it('is enough, but does not prove which release answered', async () => {
    const url = await listen(createTcpServer((socket) => socket.on('error', () => undefined)));
    expect(await probe(url, {})).toMatchObject({ healthy: true, proof: 'tcp' });
  });

  it('that is refused is named with its address', async () => {
    const server = createTcpServer();
    const url = await listen(server);
    server.close();
    await new Promise((resolve) => server.once('close', resolve));
    const report = await probe(url, {});
    expect(report).toMatchObject({ healthy: false, answered: false, proof: 'tcp' });
    expect(report.problem).toMatch(/^127\.0\.0\.1:\d+ refuses: .*ECONNREFUSED/);
  });
});

/** Answers as a server of grpc.health.v1 does: services by name, with the number of their status. */
async function grpcServer(services: Readonly<Record<string, number>>) {
  const calls: Record<string, unknown>[] = [];
  const server = createServer();
  server.on('session', (session) => ends.push(() => session.destroy()));
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const message = Buffer.concat(chunks).subarray(5);
      const service = message.subarray(2).toString();
      calls.push({ ...headers, service });
      const status = services[service];
      if (headers[':path'] !== '/grpc.health.v1.Health/Check' || status === undefined) {
        const code = headers[':path'] === '/grpc.health.v1.Health/Check' ? '5' : '12';
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code },
          { endStream: true },
        );
        return;
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      const body = status === 0 ? [] : [0x08, status];
      stream.end(Buffer.from([0, 0, 0, 0, body.length, ...body]));
    });
  });
  return { url: await listen(server), calls };
}

describe('the health of gRPC', () => {
  it('is asked of the server as a whole, or of one service, with metadata and authority', async () => {
    const { url, calls } = await grpcServer({ '': 1, 'shop.v1.Shop': 1 });
    expect(await probe(url, { type: 'grpc' })).toMatchObject({ healthy: true, proof: 'grpc' });
    const headers = { Host: 'shop.example.com', 'X-Token': 'abc' };
    const settings = { type: 'grpc', grpcService: 'shop.v1.Shop', headers } as const;
    expect(await probe(url, settings)).toMatchObject({ healthy: true });
    expect(calls).toMatchObject([
      { service: '', ':method': 'POST', te: 'trailers', 'content-type': 'application/grpc' },
      { service: 'shop.v1.Shop', ':authority': 'shop.example.com', 'x-token': 'abc' },
    ]);
  });

  it.each([
    ['', 0, 'expected the gRPC health to be SERVING, got UNKNOWN'],
    ['shop.v1.Shop', 2, 'expected the gRPC health of shop.v1.Shop to be SERVING, got NOT_SERVING'],
    ['other', undefined, /of other to be SERVING, got grpc-status 5 \(NOT_FOUND/],
  ])('%s with status %s is unhealthy, and says why', async (grpcService, status, problem) => {
    const { url } = await grpcServer(status === undefined ? {} : { [grpcService]: status });
    const report = await probe(url, { type: 'grpc', grpcService });
    expect(report).toMatchObject({ healthy: false, answered: true });
    expect(report.problem).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
  });

  it('is unhealthy where HTTP/1.1 answers, and where nothing does within the limit', async () => {
    const plain = await listen(createHttpServer((_, response) => response.end('hello')));
    const wrong = await probe(plain, { type: 'grpc' });
    expect(wrong.healthy).toBe(false);
    expect(wrong.problem).toMatch(
      /^the gRPC health of http:\/\/127\.0\.0\.1:\d+ cannot be asked|HTTP without an answer/,
    );
    const silent = await listen(createTcpServer((socket) => void ends.push(() => socket.destroy())));
    expect(await probe(silent, { type: 'grpc', timeoutMs: 200 })).toMatchObject({
      healthy: false,
      answered: false,
      problem: expect.stringMatching(/gave no answer within 200 ms$/),
    });
  });
});

describe('a command', () => {
  const command = (...argv: readonly [string, ...string[]]) =>
    ({ type: 'command', command: { argv, cwd: '/' } }) as const;
  const url = 'http://127.0.0.1:4321';

  it('is healthy when it ends with 0; it knows the slot, the port and the version, and nothing of the engine', async () => {
    process.env.SECRET_OF_THE_ENGINE = 'leaked';
    const script =
      'test "$ENVIRONMENT_COLOR $APPLICATION_PORT $APP_VERSION" = "green 4321 v2" && test -z "$SECRET_OF_THE_ENGINE"';
    expect(await probe(url, command('sh', '-c', script))).toMatchObject({ healthy: true, proof: 'command' });
    delete process.env.SECRET_OF_THE_ENGINE;
  });

  it('has the port, the slot and the version filled into its words', async () => {
    const words = ['test', `\${ENVIRONMENT_COLOR}:\${APPLICATION_PORT}:\${APP_VERSION}`, '=', 'green:4321:v2'] as const;
    expect(await probe(url, command(...words))).toMatchObject({ healthy: true });
    expect((await probe(url, command('test', `\${NOPE}`))).problem).toMatch(/^health\.command\[1\] uses \${NOPE}/);
  });

  it('is unhealthy otherwise, with its last words', async () => {
    const report = await probe(url, command('sh', '-c', 'echo queue is gone >&2; exit 3'));
    expect(report).toMatchObject({ healthy: false, answered: true, problem: 'sh ended with 3: queue is gone' });
    expect((await probe(url, command('no-such-program'))).problem).toMatch(
      /no-such-program cannot be executed \(ENOENT\)/,
    );
  });

  it('is ended with all that it started when it takes too long or writes too much', async () => {
    const began = performance.now();
    const slow = await probe(url, { ...command('sh', '-c', 'sleep 60 & sleep 60'), timeoutMs: 300 });
    expect(slow.problem).toMatch(/sh ran longer than 300 ms/);
    const loud = await probe(url, command('sh', '-c', 'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done'));
    expect(loud.healthy).toBe(false);
    expect(performance.now() - began).toBeLessThan(30_000);
  });
});

it('through the load balancer, any answer that is no failure of a server counts for these kinds', async () => {
  const statuses = [404, 503];
  const url = await listen(createHttpServer((_, response) => response.writeHead(statuses.shift() ?? 200).end()));
  const through = { headers: {} };
  expect(await probeHealth({ url, expected, settings: rule, through })).toMatchObject({
    healthy: true,
    proof: 'status-code',
  });
  expect(await probeHealth({ url, expected, settings: rule, through })).toMatchObject({ healthy: false });
});

describe('a check by command of a slot with an account', () => {
  const asked = (user: string) => {
    const argv = ['sh', '-c', 'echo "as $(id -u), $(env | grep -c SECRET)" >&2; exit 1'] as const;
    return probe('http://127.0.0.1:1', { type: 'command', command: { argv: [...argv], cwd: '/', account: { user } } });
  };

  it.runIf(process.getuid?.() === 0)('runs as that account', async () => {
    expect((await asked('65534')).problem).toMatch(/ended with 1: as 65534, 0$/);
  });

  it('is unhealthy with the reason where there is no such account', async () => {
    expect(await asked('nobody-knows-me')).toMatchObject({
      healthy: false,
      problem: expect.stringContaining('there is no account nobody-knows-me on this machine'),
    });
  });
});
