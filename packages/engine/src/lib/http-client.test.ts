// What holds for every request of this program, in each of the three ways: whole answers, streams, unix sockets.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpRequest, requestOverSocket } from './http.ts';
import { openHttp } from './http-stream.ts';

let folder: string;
let server: Server | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-http-'));
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

const socketIn = () => join(folder, 'http.sock');

async function listen(answer: RequestListener, at: number | string): Promise<void> {
  const started = createServer(answer);
  server = started;
  await new Promise<void>((resolve, reject) =>
    started.once('error', reject).listen(typeof at === 'string' ? at : { port: at, host: '127.0.0.1' }, resolve),
  );
}

const origin = () => `http://127.0.0.1:${(server?.address() as AddressInfo | undefined)?.port}`;

async function stream(signal = new AbortController().signal, stallMs = 10_000) {
  const answer = await openHttp({ url: new URL(origin()), headers: {}, checkAddress: () => {}, stallMs, signal });
  const chunks: Buffer[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return { status: answer.status, body: Buffer.concat(chunks).toString() };
}

const timeoutMs = 10_000;
const ways = [
  { name: 'a whole answer', at: 0, send: () => httpRequest({ url: `${origin()}/x`, timeoutMs }) },
  { name: 'a stream', at: 0, send: () => stream() },
  {
    name: 'a unix socket',
    at: 'socket',
    send: () => requestOverSocket({ socket: socketIn(), method: 'GET', path: '/x', timeoutMs }),
  },
];

describe.each(ways)('$name', ({ at, send }) => {
  const serve = (answer: RequestListener) => listen(answer, at === 'socket' ? socketIn() : 0);

  it('comes over a separate connection, which is closed', async () => {
    const seen: (string | undefined)[] = [];
    let connections = 0;
    await serve((request, response) => {
      seen.push(request.headers.connection);
      response.end('here');
    });
    server?.on('connection', () => {
      connections += 1;
    });
    expect([await send(), await send()]).toMatchObject([{ body: 'here' }, { body: 'here' }]);
    expect({ seen, connections }).toEqual({ seen: ['close', 'close'], connections: 2 });
  });

  it('is not followed anywhere', async () => {
    await serve((_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end('elsewhere'));
    expect(await send()).toMatchObject({ status: 307, body: 'elsewhere' });
  });

  it('fails when the connection breaks in the middle of it', async () => {
    await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1_000 }).write('half');
      setTimeout(() => response.destroy(), 50);
    });
    await expect(send()).rejects.toMatchObject({ code: 'http-failed' });
  });
});

it('an answer over a unix socket that is too long is refused, not cut', async () => {
  await listen((_, response) => response.end(Buffer.alloc(2 << 20, 'x')), socketIn());
  await expect(requestOverSocket({ socket: socketIn(), method: 'GET', path: '/', timeoutMs })).rejects.toMatchObject({
    code: 'http-failed',
    message: `GET / on ${socketIn()} failed: the answer is longer than 1048576 bytes`,
  });
});

it('a body reaches a unix socket whole, and its silence is named', async () => {
  await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url !== '/silent') response.end(`${request.method} ${body.length} ${request.headers.host}`);
  }, socketIn());
  const ask = (path: string, limitMs: number) =>
    requestOverSocket({ socket: socketIn(), method: 'PUT', path, body: 'ü'.repeat(100_000), timeoutMs: limitMs });
  expect(await ask('/', timeoutMs)).toMatchObject({ body: 'PUT 100000 localhost' });
  await expect(ask('/silent', 200)).rejects.toMatchObject({
    code: 'http-timeout',
    message: `PUT /silent on ${socketIn()} gave no answer within 200 ms`,
  });
});

it('a stream may be longer than memory allows a whole answer to be, and ends where no byte comes', async () => {
  await listen((request, response) => {
    if (request.headers['accept-encoding'] === 'identity') response.write(Buffer.alloc(3 << 20, 'x'));
    if (request.url === '/') return void response.end();
  }, 0);
  expect((await stream()).body).toHaveLength(3 << 20);
  server?.removeAllListeners('request').on('request', (_, response) => void response.write('x'));
  await expect(stream(undefined, 200)).rejects.toMatchObject({ code: 'http-timeout' });
});

it('a stream is given up with the reason of the caller', async () => {
  await listen((_, response) => void response.write('x'), 0);
  const over = new AbortController();
  const reason = new Error('no longer wanted');
  setTimeout(() => over.abort(reason), 100);
  await expect(stream(over.signal)).rejects.toBe(reason);
});

it('a stream connects to no address that was not checked', async () => {
  await listen((_, response) => response.end('secret'), 0);
  const port = new URL(origin()).port;
  const open = (host: string) =>
    openHttp({
      url: new URL(`http://${host}:${port}`),
      headers: {},
      checkAddress: (address) => {
        throw new Error(`${address} is private`);
      },
      stallMs: 1_000,
      signal: new AbortController().signal,
    });
  await expect(open('127.0.0.1')).rejects.toThrow('127.0.0.1 is private');
  await expect(open('localhost')).rejects.toThrow('is private');
});
