// One-shot HTTP requests with a limit on time and size: health probes, smoke tests, receipts. Never follows redirects.
// Not `fetch`: it refuses a list of ports that services may well listen on, and pools connections, while a probe must
// see what answers now.

import { readFileSync } from 'node:fs';
import { request as httpRequestOf, type IncomingMessage } from 'node:http';
import { request as httpsRequestOf } from 'node:https';
import { deadline } from './clock.ts';
import { BlueGreenError, messageOf } from './errors.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, the body of the answer included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Whom to believe over https; without it, the authorities that Node knows. */
  readonly tls?: TlsTrust;
}

export interface TlsTrust {
  /** A file of certificates in PEM, in the place of the authorities that Node knows. */
  readonly ca: string | undefined;
  /** Believe any certificate. */
  readonly insecure: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case; a header that came several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `maxBodyBytes` of it, decoded as UTF-8. */
  readonly body: string;
  readonly ms: number;
}

const maxBodyBytes = 1 << 20;

/** @throws BlueGreenError `http-timeout` or `http-failed`, naming method and URL; the signal's reason when it aborts. */
export async function httpRequest(request: HttpRequest): Promise<HttpAnswer> {
  const began = performance.now();
  const limit = deadline(request.timeoutMs, request.signal);
  try {
    const answer = await send(request, limit);
    const body = await readAtMost(answer, maxBodyBytes);
    return { status: answer.statusCode ?? 0, headers: plainHeaders(answer), body, ms: performance.now() - began };
  } catch (thrown) {
    throw asHttpError(thrown, limit, request);
  }
}

/** As options of Node's TLS. @throws when the file cannot be read */
export const trustOptions = ({ ca, insecure }: TlsTrust) => ({
  ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
  rejectUnauthorized: !insecure,
});

function send(request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method = 'GET', headers, body, tls } = request;
  return new Promise((resolve, reject) => {
    const make = url.startsWith('https:') ? httpsRequestOf : httpRequestOf;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = make(url, {
      method,
      headers: { connection: 'close', ...length, ...headers },
      agent: false,
      signal,
      ...(tls && url.startsWith('https:') ? trustOptions(tls) : {}),
    });
    outgoing.once('error', reject).once('response', resolve);
    outgoing.end(body);
  });
}

function asHttpError(
  thrown: unknown,
  limit: AbortSignal,
  { url, method = 'GET', timeoutMs, signal }: HttpRequest,
): unknown {
  if (signal?.aborted) return signal.reason;
  if (limit.aborted)
    return new BlueGreenError('http-timeout', `${method} ${url} gave no answer within ${timeoutMs} ms`, {}, thrown);
  return new BlueGreenError('http-failed', `${method} ${url} failed: ${messageOf(thrown)}`, {}, thrown);
}

function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
}

async function readAtMost(answer: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, limitBytes - size));
    size += chunk.length;
    if (size >= limitBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
