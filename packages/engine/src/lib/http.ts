// One-shot HTTP requests, limited in time and size: health probes, smoke tests, receipts, messages, control sockets.

import type { IncomingMessage } from 'node:http';
import { deadline } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';
import { exchange, type TlsTrust } from './http-client.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, the body of the answer included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly tls?: TlsTrust;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; a header that came several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `maxBodyBytes` of it, decoded as UTF-8. */
  readonly body: string;
  readonly ms: number;
}

export interface SocketRequest {
  /** Absolute path of a unix socket, under 108 bytes. */
  readonly socket: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly timeoutMs: number;
}

export type SocketAnswer = Pick<HttpAnswer, 'status' | 'body'>;

const maxBodyBytes = 1 << 20;

/**
 * Of a longer answer the first `maxBodyBytes` are enough for a probe.
 * @throws BlueGreenError `http-timeout` or `http-failed`, naming method and URL; the signal's reason when it aborts.
 */
export async function httpRequest(request: HttpRequest): Promise<HttpAnswer> {
  const { url, method = 'GET', tls, headers, body, ...limits } = request;
  const began = performance.now();
  return within({ ...limits, name: `${method} ${url}` }, async (signal) => {
    const answer = await exchange({ url: new URL(url), method, headers, body, tls, signal });
    const text = (await readBody(answer)).subarray(0, maxBodyBytes).toString('utf8');
    return { status: statusOf(answer), headers: plainHeaders(answer), body: text, ms: performance.now() - began };
  });
}

/**
 * To another process of this system on the same machine, whose answer is needed whole.
 * @throws BlueGreenError `http-timeout` or `http-failed`, naming method, path and socket.
 */
export async function requestOverSocket(request: SocketRequest): Promise<SocketAnswer> {
  const { socket, method, path, body, timeoutMs } = request;
  return within({ timeoutMs, name: `${method} ${path} on ${socket}` }, async (signal) => {
    const answer = await exchange({ url: new URL(path, 'http://localhost'), method, body, socket, signal });
    const bytes = await readBody(answer);
    if (bytes.length > maxBodyBytes) throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
    return { status: statusOf(answer), body: bytes.toString('utf8') };
  });
}

interface Limits {
  /** Of the request, for its errors. */
  readonly name: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

async function within<T>({ name, timeoutMs, signal }: Limits, act: (limit: AbortSignal) => Promise<T>): Promise<T> {
  const limit = deadline(timeoutMs, signal);
  try {
    return await act(limit);
  } catch (thrown) {
    if (signal?.aborted) throw signal.reason;
    if (limit.aborted)
      throw new BlueGreenError('http-timeout', `${name} gave no answer within ${timeoutMs} ms`, {}, thrown);
    throw new BlueGreenError('http-failed', `${name} failed: ${messageOf(thrown)}`, {}, thrown);
  }
}

const statusOf = ({ statusCode = 0 }: IncomingMessage): number => statusCode;

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

/** Reads on until there are more than `maxBodyBytes`, and closes the connection then. */
async function readBody(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBodyBytes) break;
  }
  return Buffer.concat(chunks);
}
