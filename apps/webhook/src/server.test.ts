// What the server answers when it has no room, with a real socket in front and a stub in place of the state.

import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, type Socket } from 'node:net';
import { silentLog } from '@bg/engine';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { githubHook } from './hooks/github.ts';
import type { ReceivingEngine } from './receive.ts';
import { createServer } from './server.ts';
import { createUnauthenticated } from './unauthenticated.ts';

const secret = 'a-secret-of-some-length';
let server: FastifyInstance | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.server.closeAllConnections();
  await server?.close();
});

async function open(take: ReceivingEngine['inbox']['take']): Promise<number> {
  const never = () => {
    throw new Error('not asked for here');
  };
  const inbox = { take, waiting: () => 50_000 } as Partial<ReceivingEngine['inbox']> as ReceivingEngine['inbox'];
  server = createServer({
    engine: { inbox, changed: never, recordRejection: never, controllerAlive: () => true },
    hooks: [githubHook([secret])],
    unauthenticated: createUnauthenticated({ countUnauthenticated: never }, silentLog),
    trustedProxies: [],
    log: silentLog,
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  return (server.server.address() as AddressInfo).port;
}

/** What came back, as soon as a whole answer did. */
function send(port: number, localAddress: string, head: string, body = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () =>
      socket.write(`POST /hooks/github HTTP/1.1\r\nhost: door\r\n${head}\r\n\r\n${body}`),
    );
    sockets.push(socket);
    let text = '';
    socket.on('data', (piece) => {
      text += piece;
      if (text.includes('}')) resolve(text);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

/** Resolves when the server has read the head; the body never ends. */
function begin(port: number, localAddress: string, head: string): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () =>
      socket.write(`POST /hooks/github HTTP/1.1\r\nhost: door\r\nexpect: 100-continue\r\n${head}\r\n\r\nx`),
    );
    sockets.push(socket.on('error', () => undefined).once('data', resolve));
  });
}

function proved(body: string): string {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return `x-github-event: ping\r\nx-github-delivery: a\r\nx-hub-signature-256: sha256=${signature}\r\ncontent-length: ${body.length}`;
}

it('asks a sender to come again when too many deliveries wait', async () => {
  const port = await open(async () => ({ kind: 'full' }));
  const body = '{"zen":"full","hook_id":1}';
  const answer = await send(port, '127.0.0.1', proved(body), body);
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer).toMatch(/\r\nretry-after: 30\r\n/i);
  expect(answer).toContain('"code":"inbox-full"');
});

it('answers a fault with no word of what it was', async () => {
  const port = await open(async () => {
    throw new Error('disk I/O error at /secret/place');
  });
  const body = '{"zen":"fault","hook_id":1}';
  const answer = await send(port, '127.0.0.1', proved(body), body);
  expect(answer).toMatch(/^HTTP\/1\.1 500 /);
  expect(answer).not.toContain('secret');
});

it('reads few large bodies of one source at once, and goes on reading those of others, and small ones', async () => {
  const port = await open(async () => ({ kind: 'full' }));
  const large = 'x-hub-signature-256: a\r\ncontent-length: 1000000';
  await Promise.all(Array.from({ length: 16 }, () => begin(port, '127.0.0.2', large)));
  const answer = await send(port, '127.0.0.2', large, 'x');
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer).toMatch(/\r\nretry-after: 1\r\n/i);
  expect(answer).toContain('"code":"busy"');
  const body = JSON.stringify({ zen: 'x'.repeat(100_000), hook_id: 1 });
  expect(await send(port, '127.0.0.3', proved(body), body)).toContain('"code":"inbox-full"');
  expect(await send(port, '127.0.0.2', proved('{"zen":1,"hook_id":1}'), '{"zen":1,"hook_id":1}')).toContain(
    'inbox-full',
  );
  for (const socket of sockets.splice(0)) socket.destroy();
  await expect.poll(() => send(port, '127.0.0.2', proved(body), body)).toContain('"code":"inbox-full"');
});

it('reads a push as large as GitHub sends them', async () => {
  const port = await open(async () => ({ kind: 'full' }));
  for (const bytes of [2_100_000, 24_500_000]) {
    const body = JSON.stringify({ zen: 'x'.repeat(bytes), hook_id: 1 });
    expect(await send(port, '127.0.0.1', proved(body), body)).toContain('"code":"inbox-full"');
  }
});

it.each([
  ['larger than code hosts send', `content-length: ${33 * 1024 ** 2}`, ''],
  [
    'in chunks that do not say how large it will be',
    'transfer-encoding: chunked',
    `180000\r\n${'x'.repeat(0x180000)}\r\n0\r\n\r\n`,
  ],
])('refuses a body %s', async (_, head, body) => {
  const port = await open(async () => ({ kind: 'full' }));
  expect(await send(port, '127.0.0.1', `x-hub-signature-256: a\r\n${head}`, body)).toMatch(/^HTTP\/1\.1 413 /);
});

it('lets senders of very large bodies not block senders of smaller ones', async () => {
  const port = await open(async () => ({ kind: 'full' }));
  const huge = 'x-hub-signature-256: a\r\ncontent-length: 30000000';
  for (const source of ['127.0.0.2', '127.0.0.3']) void send(port, source, huge, 'x').catch(() => undefined);
  await expect.poll(() => send(port, '127.0.0.2', huge, 'x'), { timeout: 20_000 }).toContain('"code":"busy"');
  const body = JSON.stringify({ zen: 'x'.repeat(900_000), hook_id: 1 });
  for (const source of ['127.0.0.2', '127.0.0.4'])
    expect(await send(port, source, proved(body), body)).toContain('"code":"inbox-full"');
});
