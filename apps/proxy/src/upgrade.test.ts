import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, until } from '@bg/engine/test-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { exchangeRaw, type Running, startProxyBefore } from './testing/fixture.ts';

let server: Server;
let talks: WebSocketServer;
let proxy: Running;
const sockets = new Set<Duplex>();
let upgrades: IncomingMessage[] = [];
let plain: string[] = [];
/** What the service does with the next handshakes. */
let onUpgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;

beforeAll(async () => {
  server = createServer((incoming, response) => {
    plain.push(incoming.url ?? '');
    response.end('plain');
  });
  talks = new WebSocketServer({ noServer: true });
  server.on('connection', (socket) => sockets.add(socket));
  server.on('upgrade', (incoming, socket, head) => {
    upgrades.push(incoming);
    onUpgrade(
      incoming,
      socket.on('error', () => {}),
      head,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dead = { host: '127.0.0.1', port: await freePort() };
  const port = (server.address() as AddressInfo).port;
  const upstreams = { blue: [{ host: '127.0.0.1', port }], green: [dead] } as const;
  proxy = await startProxyBefore(port, { upstreams, requestTimeoutMs: 1_000 });
});
afterAll(async () => {
  await proxy.stop();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  upgrades = [];
  plain = [];
  onUpgrade = (incoming, socket, head) =>
    talks.handleUpgrade(incoming, socket, head, (talk) => {
      talk.on('message', (message, binary) => talk.send(message, { binary }));
    });
});
afterEach(() => proxy.route({ active: 'blue' }));

const open = (headers: Record<string, string> = {}) =>
  new Promise<WebSocket>((resolve, reject) => {
    const talk = new WebSocket(proxy.base.replace('http', 'ws'), ['chat'], { headers });
    talk.once('open', () => resolve(talk)).once('error', reject);
  });
const heard = (talk: WebSocket) =>
  new Promise<Buffer>((resolve) => talk.once('message', (data) => resolve(data as Buffer)));
const closed = (talk: WebSocket) => new Promise<number>((resolve) => talk.once('close', resolve));
const handshake = (extra: readonly string[] = []) =>
  `${['GET /chat HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...extra].join('\r\n')}\r\n\r\n`;

describe('a WebSocket', () => {
  test('carries messages of any size both ways, and both sides see the end', async () => {
    const talk = await open();
    expect(talk.protocol).toBe('chat');
    for (const size of [0, 1, 125, 126, 70_000, 5_000_000]) {
      const message = Buffer.alloc(size, 'x');
      talk.send(message);
      expect((await heard(talk)).equals(message)).toBe(true);
    }
    const serverEnd = [...talks.clients][0] as WebSocket;
    const serverClosed = closed(serverEnd);
    talk.close(4_001);
    expect([await closed(talk), await serverClosed]).toEqual([4_001, 4_001]);
    await until(async () => (await proxy.counts('blue')).open === 0);
  });

  test('gets the headers that a request gets, and the bucket cookie', async () => {
    await open({ cookie: 'a=1; bg_preview=wrong', 'x-bluegreen-probe': 'wrong' }).then((talk) => talk.terminate());
    expect(upgrades[0]?.headers).toMatchObject({ cookie: 'a=1', 'x-forwarded-for': '127.0.0.1', upgrade: 'websocket' });
    expect(upgrades[0]?.headers).not.toHaveProperty('x-bluegreen-probe');
    expect(await exchangeRaw(proxy.port, handshake(), /\r\n\r\n/)).toMatch(/set-cookie: bg_bucket=[0-9a-f]{24};/);
  });

  test('that the service drops is dropped for the user, and the other way round', async () => {
    const talk = await open();
    const end = closed(talk);
    [...talks.clients][0]?.terminate();
    expect(await end).toBe(1006);

    const other = await open();
    const serverEnd = closed([...talks.clients][0] as WebSocket);
    other.terminate();
    expect(await serverEnd).toBe(1006);
  });

  test('is counted once, at its handshake', async () => {
    const before = await proxy.counts('blue');
    const talk = await open();
    const during = await proxy.counts('blue');
    expect([during.requests - before.requests, during.open - before.open]).toEqual([1, 1]);
    expect(during.statusClasses['1xx'] - before.statusClasses['1xx']).toBe(1);
    talk.terminate();
    await until(async () => (await proxy.counts('blue')).open === before.open);
    expect((await proxy.counts('blue')).requests).toBe(during.requests);
  });
});

describe('a handshake that does not succeed', () => {
  test('shows the service’s own refusal, and nothing behind it is passed on', async () => {
    onUpgrade = (_incoming, socket) =>
      socket.end('HTTP/1.1 403 Forbidden\r\nx-why: not-yours\r\ncontent-length: 6\r\n\r\nno way');
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    const answer = await exchangeRaw(proxy.port, `${handshake()}${smuggled}`);
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*x-why: not-yours[\s\S]*\r\n\r\nno way$/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    await delay(50);
    expect(plain).toEqual([]);
  });

  test('because the service ignores it is an ordinary answer', async () => {
    onUpgrade = (_incoming, socket) =>
      socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nplain\r\n0\r\n\r\n');
    expect(await exchangeRaw(proxy.port, handshake())).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nplain$/);
  });

  test('and whose refusal breaks off is broken off, without a second answer inside the first', async () => {
    let breakOff = () => {};
    onUpgrade = (_incoming, socket) => {
      socket.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\npart');
      breakOff = () => (socket as Socket).resetAndDestroy();
    };
    const answer = await exchangeRaw(proxy.port, handshake(), (text) => {
      if (text.includes('part')) breakOff();
      return false;
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*\r\n\r\npart$/);
  });

  test('because no service listens gives 502 and counts as a failed connection', async () => {
    await proxy.route({ active: 'green' });
    expect(await exchangeRaw(proxy.port, handshake())).toMatch(/^HTTP\/1\.1 502 /);
    expect(await proxy.counts('green')).toMatchObject({ connectFailures: 1, errors: 1, open: 0 });
  });

  test('because the service hangs up gives 502, and because it is silent 504', async () => {
    onUpgrade = (_incoming, socket) => socket.destroy();
    expect(await exchangeRaw(proxy.port, handshake())).toMatch(/^HTTP\/1\.1 502 /);
    onUpgrade = () => {};
    expect(await exchangeRaw(proxy.port, handshake())).toMatch(/^HTTP\/1\.1 504 /);
  });

  test('because no release is live gives 503', async () => {
    await proxy.route({});
    expect(await exchangeRaw(proxy.port, handshake())).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after/);
    expect(upgrades).toEqual([]);
  });

  test('because the user is gone leaves nothing open', async () => {
    onUpgrade = () => {};
    const outgoing = request(proxy.base, { headers: { connection: 'Upgrade', upgrade: 'websocket' } }).on(
      'error',
      () => {},
    );
    outgoing.end();
    await until(() => upgrades.length === 1);
    outgoing.destroy();
    await until(async () => (await proxy.counts('blue')).open === 0);
  });
});

describe('an upgrade that would carry requests past the balancer is not made', () => {
  test.each([
    ['HTTP/2 in the clear', 'Upgrade: h2c'],
    ['TLS', 'Upgrade: TLS/1.2'],
    ['anything but a WebSocket', 'Upgrade: foo'],
    ['a list that hides one', 'Upgrade: websocket, h2c'],
  ])('%s: the request is answered as any other', async (_name, upgrade) => {
    const lines = [
      'GET /ordinary HTTP/1.1',
      'Host: a',
      'Connection: Upgrade, HTTP2-Settings',
      upgrade,
      'HTTP2-Settings: AAMAAABkAAQ',
    ];
    const answer = await exchangeRaw(proxy.port, `${lines.join('\r\n')}\r\n\r\n`, /plain/);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*plain$/);
    expect([upgrades.length, plain]).toEqual([0, ['/ordinary']]);
  });

  test('a POST that asks for a WebSocket is answered as any other', async () => {
    const post = handshake(['Content-Length: 0']).replace('GET /chat', 'POST /ordinary');
    expect(await exchangeRaw(proxy.port, post, /plain/)).toMatch(/^HTTP\/1\.1 200 OK/);
    expect([upgrades.length, plain]).toEqual([0, ['/ordinary']]);
  });

  test('a body in a handshake is a body, not the new protocol', async () => {
    const answer = await exchangeRaw(proxy.port, `${handshake(['Content-Length: 5'])}hello`, /plain/);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    expect([upgrades.length, plain]).toEqual([0, ['/chat']]);
  });
});
