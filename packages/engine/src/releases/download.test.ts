// Downloads from servers that stall, cut, redirect, lie and come back. Real sockets.

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AllowedHost, ArtifactSettings } from '../config/artifacts/settings.ts';
import { removeFolder } from '../lib/remove-folder.ts';
import { gzipOf, sha256Of } from './testing-archive.ts';
import { fetchInto, serveFiles, type TestAnswer, testLimits, testSettings } from './testing-fetch.ts';

let folder: string;
let archive: Buffer;
let sha256: string;
const ends: (() => void)[] = [];

beforeAll(async () => {
  archive = await gzipOf([{ name: 'server.mjs', body: randomBytes(400_000) }]);
  sha256 = sha256Of(archive);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bg-download-'));
  mkdirSync(join(folder, 'releases'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await removeFolder(folder);
});

interface Served {
  readonly url: string;
  readonly host: AllowedHost;
  readonly requests: readonly IncomingMessage[];
}

async function serve(answer: TestAnswer, host: Partial<AllowedHost> = {}): Promise<Served> {
  const { port, requests, close } = await serveFiles(answer);
  ends.push(close);
  return { url: `http://127.0.0.1:${port}/shop.tar.gz`, requests, host: allowed(port, host) };
}

const allowed = (port: number | undefined, more: Partial<AllowedHost> = {}): AllowedHost => ({
  name: '127.0.0.1',
  port,
  http: true,
  privateAddresses: true,
  authorization: undefined,
  ...more,
});

const whole: TestAnswer = (_, response) => response.setHeader('content-length', archive.length).end(archive);

/** Sends so much of the archive, and breaks the connection. */
const cutAt =
  (bytes: number, headers: Record<string, string> = {}): TestAnswer =>
  (_, response) => {
    response.writeHead(200, { 'content-length': archive.length, ...headers });
    response.write(archive.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50));
  };

const partFrom = (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
  response.writeHead(206, { 'content-range': `bytes ${from}-${archive.length - 1}/${archive.length}`, etag: '"one"' });
  response.end(archive.subarray(from));
};

const fetchFrom = (
  { url, host }: Pick<Served, 'url' | 'host'>,
  more: Partial<ArtifactSettings> = {},
  announced: string | undefined = sha256,
) => fetchInto(folder, { kind: 'url', url, sha256: announced }, testSettings({ hosts: [host], ...more }));

async function refusalOf(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.then(
    () => new Error('it was fetched'),
    (reason: unknown) => reason,
  );
  expect(readdirSync(join(folder, 'releases'))).toEqual([]);
  return thrown instanceof Error ? thrown.message : String(thrown);
}

const patient = { ...testLimits, tries: 3 };

describe('a download', () => {
  it('is fetched, checked and reported in numbers', async () => {
    const fetched = await fetchFrom(await serve(whole));
    expect(fetched).toMatchObject({ files: 1, bytes: 400_000, sha256 });
    expect(readdirSync(join(folder, 'releases'))).toEqual(['v1']);
  });

  it('that is cut goes on where it ended, if it is still the same', async () => {
    const server = await serve((request, response, count) =>
      count === 1 ? cutAt(100_000, { etag: '"one"' })(request, response, count) : partFrom(request, response),
    );
    await fetchFrom(server, { limits: patient });
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]?.headers['if-range']).toBe('"one"');
    expect(Number(/bytes=(\d+)-/.exec(server.requests[1]?.headers.range ?? '')?.[1])).toBeGreaterThan(0);
  });

  it('that is cut begins again where the server has another one meanwhile', async () => {
    const server = await serve((request, response, count) =>
      count === 1 ? cutAt(100_000, { etag: '"old"' })(request, response, count) : whole(request, response, count),
    );
    expect(await fetchFrom(server, { limits: patient })).toMatchObject({ sha256 });
  });

  it('that is cut begins again where the server gives no tag, or a weak one', async () => {
    const server = await serve((request, response, count) =>
      count === 1 ? cutAt(100_000, { etag: 'W/"one"' })(request, response, count) : whole(request, response, count),
    );
    await fetchFrom(server, { limits: patient });
    expect(server.requests[1]?.headers.range).toBeUndefined();
  });

  it('does not take a part that does not fit', async () => {
    const server = await serve((request, response, count) => {
      if (count === 1) return cutAt(100_000, { etag: '"one"' })(request, response, count);
      if (count > 2) return whole(request, response, count);
      response.writeHead(206, { 'content-range': `bytes 5-${archive.length - 1}/${archive.length}` });
      response.end(archive.subarray(5));
    });
    expect(await fetchFrom(server, { limits: patient })).toMatchObject({ sha256 });
    expect(server.requests).toHaveLength(3);
  });

  it('is tried again when the server is ill, and not when the file is not there', async () => {
    const ill = await serve((request, response, count) =>
      count === 1 ? response.writeHead(503).end() : whole(request, response, count),
    );
    await fetchFrom(ill);
    await removeFolder(join(folder, 'releases', 'v1'));
    const gone = await serve((_, response) => response.writeHead(404).end());
    expect(await refusalOf(fetchFrom(gone))).toContain('answers 404 instead of the file');
    expect(gone.requests).toHaveLength(1);
  });

  it('ends with the reason of the caller that aborts it, and leaves nothing', async () => {
    const over = new AbortController();
    const server = await serve((request, response, count) => {
      cutAt(1_000)(request, response, count);
      over.abort(new Error('no longer wanted'));
    });
    const source = { kind: 'url', url: server.url, sha256 } as const;
    const work = fetchInto(folder, source, testSettings({ hosts: [server.host] }), { signal: over.signal });
    expect(await refusalOf(work)).toBe('no longer wanted');
  });
});

describe('refused is', () => {
  it('the wrong digest', async () => {
    const announced = sha256Of(Buffer.from('another'));
    expect(await refusalOf(fetchFrom(await serve(whole), {}, announced))).toBe(
      `its sha256 is ${sha256}, and CI announced ${announced}`,
    );
  });

  it('a download without an announced digest, unless that is allowed', async () => {
    const server = await serve(whole);
    const request = { kind: 'url', url: server.url, sha256: undefined } as const;
    const settings = testSettings({ hosts: [server.host] });
    expect(await refusalOf(fetchInto(folder, request, settings))).toContain('CI has not announced its sha256');
    expect(server.requests).toHaveLength(0);
    await fetchInto(folder, request, { ...settings, requireDigest: false });
  });

  it('one that stalls', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      response.write(archive.subarray(0, 1_000));
    });
    expect(await refusalOf(fetchFrom(server, { limits: { ...testLimits, stallMs: 300 } }))).toMatch(
      /could not be fetched: no byte came for 0\.3 s \(2 tries, 1000 bytes came\)/,
    );
  });

  it('one that never answers', async () => {
    const server = await serve(() => undefined);
    expect(await refusalOf(fetchFrom(server, { limits: { ...testLimits, stallMs: 300 } }))).toContain(
      'no byte came for 0.3 s',
    );
  });

  it('one that drips for longer than it may take', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': archive.length });
      const drip = setInterval(() => response.write('x'), 20);
      ends.push(() => clearInterval(drip));
    });
    expect(await refusalOf(fetchFrom(server, { limits: { ...testLimits, timeMs: 500 } }))).toBe(
      'it took longer than 0.5 s to fetch and unpack',
    );
  });

  it('one that is cut every time', async () => {
    expect(await refusalOf(fetchFrom(await serve(cutAt(1_000))))).toMatch(/could not be fetched: .*\(2 tries, /);
  });

  it('one that says it is longer than it is', async () => {
    const server = await serveRaw(`HTTP/1.1 200 OK\r\ncontent-length: ${archive.length + 10}\r\n\r\n`);
    expect(await refusalOf(fetchFrom(server))).toContain('could not be fetched');
  });

  it('one that says it is shorter than it is', async () => {
    const server = await serveRaw(`HTTP/1.1 200 OK\r\ncontent-length: ${archive.length - 10}\r\n\r\n`);
    expect(await refusalOf(fetchFrom(server))).toMatch(/its sha256 is|could not be fetched/);
  });

  it('one that is too large, by what it says and by what comes', async () => {
    const limits = { ...testLimits, downloadBytes: 100_000 };
    const sentence = 'it is larger than 97.7 KB, which is the most that is downloaded';
    expect(await refusalOf(fetchFrom(await serve(whole), { limits }))).toBe(sentence);
    const silent = await serve((_, response) => response.writeHead(200).end(archive));
    expect(await refusalOf(fetchFrom(silent, { limits }))).toBe(sentence);
  });
});

async function serveRaw(head: string): Promise<Pick<Served, 'url' | 'host'>> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(head);
      socket.end(archive);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/shop.tar.gz`, host: allowed(port) };
}
