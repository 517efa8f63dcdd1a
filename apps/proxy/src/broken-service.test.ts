import { createServer, Socket } from 'node:net';
import { until } from '@bg/engine/test-kit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Running, startProxyBefore } from './testing/fixture.ts';

describe('a service that breaks', () => {
  let broken: Running;
  const sockets: Socket[] = [];
  let respond: (socket: Socket) => void = () => {};
  let onPart: () => void = () => {};
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    socket.once('data', () => respond(socket));
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    broken = await startProxyBefore((server.address() as { port: number }).port, { requestTimeoutMs: 1_000 });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(async () => {
    await broken.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  const plain = (version = '1.1') => `GET / HTTP/${version}\r\nHost: a\r\n\r\n`;

  test.each([
    ['with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\npart', '1.1'],
    ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n', '1.1'],
    [
      'in chunks, to a client that reads until the end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npart\r\n',
      '1.0',
    ],
  ])(
    'in the middle of an answer %s gives the user a broken connection, not a short answer',
    async (_name, bytes, version) => {
      respond = (socket) => {
        socket.write(bytes);
        onPart = () => socket.destroy();
      };
      const ending = await rawEnding(broken.port, plain(version), () => onPart());
      expect(ending.received).toContain('part');
      expect(ending.received).not.toMatch(/\r\n0\r\n\r\n$/);
      expect(ending.code).toBe('ECONNRESET');
      await until(async () => (await broken.counts('blue')).open === 0);
    },
  );

  test.each([
    ['before any answer', '', 502],
    ['with something that is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', 502],
    [
      'with an answer that could be read in two ways',
      'HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      502,
    ],
    ['with headers without end', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 502],
  ])('%s gives 502', async (_name, bytes, status) => {
    respond = (socket) => socket.end(bytes);
    expect(await rawEnding(broken.port, plain())).toMatchObject({
      received: expect.stringMatching(`^HTTP/1.1 ${status} `),
    });
  });

  test('with silence gives 504, and the connection to it is closed', async () => {
    respond = () => {};
    const closed = () => sockets.every((socket) => socket.destroyed || socket.readableEnded);
    expect((await fetch(broken.base)).status).toBe(504);
    await until(closed);
  });

  test('by a thousand failures writes a few lines only, and answers on', async () => {
    respond = (socket) => socket.destroy();
    const before = broken.output().split('\n').length;
    const statuses = await Promise.all(Array.from({ length: 1_000 }, async () => (await fetch(broken.base)).status));
    expect(new Set(statuses)).toEqual(new Set([502]));
    expect(broken.output().split('\n').length - before).toBeLessThan(100);
    respond = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
    expect(await (await fetch(broken.base)).text()).toBe('ok');
  });
});

function rawEnding(
  port: number,
  bytes: string,
  onPart = () => {},
): Promise<{ received: string; code: string | undefined }> {
  return new Promise((resolve) => {
    let received = '';
    let code: string | undefined;
    const socket = new Socket();
    socket.connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('latin1').on('data', (chunk) => {
      received += chunk;
      if (received.includes('part')) onPart();
      if (/ 50\d [\s\S]*\.\n$/.test(received)) socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    socket.on('close', () => resolve({ received, code }));
    socket.setTimeout(60_000, () => socket.destroy());
  });
}
