// One-shot HTTP requests with a limit on time and size: health probes, smoke tests, receipts. Never follows redirects.

import { BlueGreenError, messageOf } from './errors.ts';
import { deadline } from './clock.ts';

export interface HttpRequest {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `maxBodyBytes` of it, decoded as UTF-8. */
  readonly body: string;
  readonly ms: number;
}

const maxBodyBytes = 1 << 20;

/** @throws BlueGreenError `http-timeout` or `http-failed`, naming method and URL. */
export async function httpRequest(request: HttpRequest): Promise<HttpAnswer> {
  const began = performance.now();
  const method = request.method ?? 'GET';
  try {
    const response = await fetch(request.url, {
      method,
      // A connection of its own for each probe: a pooled one would go on reaching a side that is already gone.
      headers: { connection: 'close', ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal: deadline(request.timeoutMs, request.signal),
    });
    const body = await readAtMost(response, maxBodyBytes);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body,
      ms: performance.now() - began,
    };
  } catch (thrown) {
    throw asHttpError(thrown, method, request);
  }
}

function asHttpError(thrown: unknown, method: string, { url, timeoutMs, signal }: HttpRequest): unknown {
  if (signal?.aborted) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError')
    return new BlueGreenError('http-timeout', `${method} ${url} gave no answer within ${timeoutMs} ms`, {}, thrown);
  const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
  return new BlueGreenError('http-failed', `${method} ${url} failed: ${messageOf(cause)}`, {}, thrown);
}

async function readAtMost(response: Response, limitBytes: number): Promise<string> {
  if (!response.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk.subarray(0, limitBytes - size));
    size += chunk.length;
    if (size >= limitBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
