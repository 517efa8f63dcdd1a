// The measure itself: what goes wrong between a user and his answer is seen, and by its right name.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeCertificate } from '../proxies/certificate.ts';
import type { LoadSize } from './client.ts';
import { startBackends, startLoad } from './crowd.ts';
import type { Report } from './records.ts';

const load = { kept: 6, keptPerSecond: 200, fresh: 2, freshPerSecond: 100, slow: 0, streams: 1, talks: 1 };
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function reportOf(port: number, size: LoadSize = load): Promise<Report> {
  const running = startLoad(size, port);
  // Until something was seen: processes start slowly on a busy machine.
  for (let looks = 0; looks < 300 && (await running.sent()) < 40; looks += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return running.stop();
}

/** A server that does this with whatever it receives first. */
async function serverThat(act: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => act(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a service that answers everything loses nothing, and its streams stay whole', async () => {
  const backends = await startBackends();
  closers.push(backends.close);
  const report = await reportOf(backends.ports.green);
  expect(report.troubles).toEqual({ lost: 0, truncated: 0, serverError: 0, wrong: 0 });
  expect(report.streamsCut).toBe(0);
  expect(report.posts).toBeGreaterThan(5);
  expect(new Set(report.records.slot)).toEqual(new Set([1]));
});

test('a connection that is closed without a word is a lost request', async () => {
  const report = await reportOf(await serverThat((socket) => socket.destroy()));
  expect(report.troubles.lost).toBe(report.sent);
  expect(report.streamsCut).toBeGreaterThan(0);
});

test('an answer that ends too early is a truncated one', async () => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf';
  const report = await reportOf(await serverThat((socket) => socket.end(half)));
  expect(report.troubles.truncated).toBe(report.sent);
});

test('an answer 502 is counted, and so is one that belongs to another user', async () => {
  const unable = 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
  const failed = await reportOf(await serverThat((socket) => socket.end(unable)));
  expect(failed.troubles.serverError).toBeGreaterThan(0);
  const foreign = 'HTTP/1.1 200 OK\r\nX-Echo: q-0-0\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi';
  const mistaken = await reportOf(await serverThat((socket) => socket.end(foreign)));
  expect(mistaken.troubles.wrong).toBeGreaterThan(0);
  expect(mistaken.troubles.serverError).toBe(0);
});

test.each<readonly [string, keyof Report['troubles'], (stream: ServerHttp2Stream) => void]>([
  ['a session that is closed without a word is a lost request', 'lost', (stream) => stream.session?.destroy()],
  [
    'an answer that is cut is a truncated one',
    'truncated',
    (stream) => {
      stream.respond({ ':status': 200, 'content-length': 100 });
      stream.write('half', () => stream.session?.destroy());
    },
  ],
  [
    'an answer 503 is counted',
    'serverError',
    (stream) => {
      stream.respond({ ':status': 503, 'content-length': 0 });
      stream.end();
    },
  ],
])(
  'over TLS and HTTP/2: %s',
  async (_what, trouble, act) => {
    const folder = mkdtempSync(join(tmpdir(), 'bgt-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    const { file, authority } = await makeCertificate(folder);
    const server = createSecureServer({ key: readFileSync(file), cert: readFileSync(file) });
    server.on('stream', (stream) => {
      stream.on('error', () => stream.destroy());
      act(stream);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => server.close());
    const port = (server.address() as AddressInfo).port;
    const report = await reportOf(port, { ...load, streams: 0, talks: 0, authority });
    expect(report.troubles[trouble]).toBe(report.sent);
  },
  60_000,
);
