import { connect, type Socket } from 'node:net';
import { until } from '@bg/engine/test-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPlaces } from './places.ts';
import { exchangeRaw, type Running, type Service, startProxyBefore, startService } from './testing/fixture.ts';

let service: Service;
let proxy: Running;
let heads = 0;

beforeAll(async () => {
  service = await startService((request, response) => {
    if (request.method === 'GET') return void response.end('page');
    heads += 1;
    if (request.url === '/refused') return void response.writeHead(401, { connection: 'close' }).end('who are you?');
    request.resume().on('end', () => response.end('taken'));
  });
  // As services do that refuse a request by its head.
  service.server.on('checkContinue', (_request, response) =>
    response.writeHead(413, { connection: 'close' }).end('too large'),
  );
  proxy = await startProxyBefore(service.port, { userIdleMs: 2_000, requestTimeoutMs: 60_000 });
});
afterAll(async () => {
  await proxy.stop();
  await service.close();
});

const upload = (path: string, extra = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n${extra}\r\n`;

describe('a service that refuses a request by its head', () => {
  test('reaches a user who waits for 100 Continue at once, and the body is not requested', async () => {
    const answer = await exchangeRaw(proxy.port, upload('/', 'Expect: 100-continue\r\n'), /too large/);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('reaches a user who has sent no byte of the body at once', async () => {
    expect(await exchangeRaw(proxy.port, upload('/refused'), /who are you/)).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('uploads that stop', () => {
  test('block no other user, and end when their user was silent for too long', async () => {
    const silent = await Promise.all(Array.from({ length: 1_100 }, () => opened(`${upload('/')}x`)));
    await until(() => heads >= 1_100);
    expect(await (await fetch(proxy.base)).text()).toBe('page');
    const answers = await Promise.all(silent.map(received));
    expect(new Set(answers.map((answer) => answer.slice(0, 12)))).toEqual(new Set(['HTTP/1.1 408']));
    await until(async () => (await proxy.counts('blue')).open === 0);
    expect((await proxy.counts('blue')).errors).toBe(0);
  });

  test('end without an answer in their own stream, while a slow one goes on', async () => {
    const slow = await opened(upload('/'));
    let text = '';
    slow.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    for (let part = 0; part < 5; part++) {
      slow.write('x'.repeat(200));
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    await until(() => text.includes('taken'));
    slow.destroy();
  });
});

describe('places', () => {
  test('are shared: one source gets half of all, two a third each, and one more is always let in', () => {
    const alone = createPlaces(90);
    const takeAll = (places: typeof alone, source: string) => {
      const held: (() => void)[] = [];
      for (let back = places.take(source); back !== undefined; back = places.take(source)) held.push(back);
      return held;
    };
    const first = takeAll(alone, 'a');
    expect(first).toHaveLength(45);
    expect(alone.take('b')).toBeDefined();
    for (const back of first) back();
    expect(takeAll(alone, 'a').length).toBeGreaterThanOrEqual(44);

    const shared = createPlaces(90);
    let [a, b] = [0, 0];
    for (let turn = 0; turn < 90; turn++) {
      if (shared.take('a')) a += 1;
      if (shared.take('b')) b += 1;
    }
    expect([a, b]).toEqual([30, 30]);
    expect(shared.take('c')).toBeDefined();
  });
});

function opened(bytes: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy.port, '127.0.0.1', () => socket.write(bytes, () => resolve(socket)));
    socket.on('error', reject);
  });
}

function received(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('close', () => resolve(text));
    socket.setTimeout(30_000, () => socket.destroy());
  });
}
