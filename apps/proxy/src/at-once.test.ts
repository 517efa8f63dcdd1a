import { connect, createServer, type Socket } from 'node:net';
import { freePort, until } from '@bg/engine/test-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exchangeRaw, type Running, type Service, startProxyBefore, startService } from './testing/fixture.ts';

let service: Service;
let proxy: Running;
let large = 0;

beforeAll(async () => {
  service = await startService((request, response) => {
    if (request.url === '/head') return void response.writeHead(200, { 'x-first': 'head' }).flushHeaders();
    if (request.url === '/large') {
      large += 1;
      return void response.end(Buffer.alloc(60_000_000, 'x'));
    }
    request.resume().on('end', () => response.end('done'));
  });
  proxy = await startProxyBefore(service.port, { userIdleMs: 1_500, requestTimeoutMs: 60_000 });
});
afterAll(async () => {
  await proxy.stop();
  await service.close();
});

describe('heads', () => {
  test('of an answer reach the user before there is a body', async () => {
    const answer = await exchangeRaw(proxy.port, 'GET /head HTTP/1.1\r\nHost: a\r\n\r\n', /\r\n\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nx-first: head\r\n/);
  });

  test.each([
    ['with a length', 'Content-Length: 5\r\n'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n'],
  ])('of an upload %s reach the service before there is a body', async (_how, framing) => {
    let seen = '';
    const raw = createServer((socket) => {
      socket.on('error', () => {});
      socket.setEncoding('latin1').on('data', (text: string) => {
        seen += text;
      });
    });
    const port = await freePort();
    await new Promise<void>((resolve) => raw.listen(port, '127.0.0.1', resolve));
    const before = await startProxyBefore(port);
    const user = await opened(before.port, `POST /up HTTP/1.1\r\nHost: a\r\n${framing}\r\n`);
    try {
      await until(() => seen.includes('\r\n\r\n'));
      expect(seen).toMatch(/^POST \/up HTTP\/1\.1\r\n/);
    } finally {
      user.destroy();
      await before.stop();
      raw.close();
    }
  });
});

describe('a user who takes nothing of an answer', () => {
  test('is cut off after a while, and so is the service’s side of it', async () => {
    const users = await Promise.all(
      Array.from({ length: 20 }, () => opened(proxy.port, 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n')),
    );
    await until(() => large === 20);
    for (const user of users) user.pause();
    expect(await (await fetch(proxy.base)).text()).toBe('done');
    await until(async () => (await proxy.counts('blue')).open === 0);
    for (const user of users) user.destroy();
  });
});

test('a thousand requests over one connection leave nothing behind on the service’s connection', async () => {
  const requests = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(1_000);
  const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
  expect((await exchangeRaw(proxy.port, requests + last)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(1_001);
  expect(proxy.output()).not.toContain('MaxListeners');
});

function opened(port: number, bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)));
    socket.once('error', reject);
    socket.on('error', () => {});
  });
}
