// A service that remembers what it received, and answers in every way that HTTP allows when the path asks for it.

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type Service, startService } from './fixture.ts';

/** What the service saw, newest last. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
}

export interface Witness extends Service {
  readonly seen: Seen[];
  /** Exchanges that the other end broke off. */
  cut(): number;
  last(): Seen;
  forget(): void;
}

/** What a path sets or writes before its answer ends. */
const ways: Readonly<Record<string, (response: ServerResponse) => void>> = {
  '/hop': (response) => {
    response.setHeader('connection', 'x-inner, keep-alive');
    response.setHeader('x-inner', 'only for the proxy');
    response.setHeader('proxy-authenticate', 'Basic');
    response.setHeader('set-cookie', ['a=1', 'b=2']);
  },
  '/204': (response) => void response.writeHead(204, { etag: '"x"' }),
  '/304': (response) => void response.writeHead(304, { etag: '"x"' }),
  '/trailers': (response) => {
    response.writeHead(200, { trailer: 'x-checksum' }).write('body');
    response.addTrailers({ 'x-checksum': 'abc' });
  },
  '/hints': (response) => response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }),
  '/public': (response) => void response.setHeader('cache-control', 'public, max-age=60'),
};

export async function startWitness(): Promise<Witness> {
  const seen: Seen[] = [];
  let cut = 0;
  const service = await startService((incoming, response) => {
    const hash = createHash('sha256');
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      hash.update(chunk);
    });
    incoming.on('error', () => {
      cut++;
    });
    const url = incoming.url ?? '';
    if (url === '/early') {
      response.writeHead(413, { 'content-type': 'text/plain' }).write(`${'too large '.repeat(500_000)}and that is`);
      response.end(' all');
      return;
    }
    if (url === '/endless') {
      response.on('close', () => {
        cut++;
      });
      response.write('first');
      return;
    }
    incoming.on('end', () => {
      const { method = '', headers, rawHeaders: raw } = incoming;
      seen.push({ method, url, headers, raw, bytes, sha256: hash.digest('hex') });
      ways[url]?.(response);
      response.end(url === '/large' ? Buffer.alloc(30_000_000, 'x') : 'done');
    });
  });
  return {
    ...service,
    seen,
    cut: () => cut,
    last: () => seen.at(-1) as Seen,
    forget: () => {
      seen.length = 0;
      cut = 0;
    },
  };
}
