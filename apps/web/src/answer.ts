// How an answer leaves: its headers, packed where that is worth it. Nothing of a page is stored by browsers or proxies.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Html } from './html.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Packed already. */
  readonly gzipped?: Buffer;
}

export const page = (content: Html, status = 200): Answer => ({
  status,
  type: 'text/html; charset=utf-8',
  body: content.markup,
});

/** As `bg --json` writes it. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
});

export const redirect = (to: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 303,
  type: 'text/plain; charset=utf-8',
  body: '',
  headers: { location: to, ...headers },
});

/** Only files of this server are loaded, no page of others frames it, and addresses with a token are not passed on. */
export const guarding: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const pack = promisify(gzip);
const leastToPack = 1_024;

export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  const { status, type, body, headers = {}, gzipped } = answer;
  const isPacked = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) && body.length >= leastToPack;
  const bytes = isPacked ? (gzipped ?? (await pack(body))) : Buffer.from(body);
  response.writeHead(status, {
    ...guarding,
    'content-type': type,
    'content-length': bytes.length,
    vary: 'accept-encoding, cookie',
    ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
    ...headers,
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
