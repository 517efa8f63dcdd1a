// One request, sent once: no retry, no redirect, and a body counts only when all of it has come.

import { type Agent, type IncomingMessage, request } from 'node:http';

export interface ExchangeOptions {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body: string | undefined;
  readonly cookie: string | undefined;
  /** False opens a connection only for this request. */
  readonly agent: Agent | false;
  readonly timeoutMs: number;
}

export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** `green v2.1`, in the words of the shop that answered. */
      readonly servedBy: string | undefined;
      readonly body: string;
      readonly setCookies: readonly string[];
    }
  | { readonly kind: 'broken'; readonly problem: string };

const maxAnswerBytes = 1 << 20;

/** Never rejects: what breaks is an answer too. */
export function exchange({ url, method, body, cookie, agent, timeoutMs }: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    const broken = (problem: string): void => resolve({ kind: 'broken', problem });
    const asked = request(url, {
      method,
      agent,
      headers: {
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    asked.on('error', (error) =>
      broken(error.name === 'AbortError' ? `no whole answer within ${timeoutMs} ms` : codeOf(error)),
    );
    asked.on('response', (response) => readWhole(response).then(resolve, (error: unknown) => broken(codeOf(error))));
    asked.end(body);
  });
}

async function readWhole(response: IncomingMessage): Promise<Exchange> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error(`an answer of more than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('the answer was cut off');
  const servedBy = response.headers['x-shop'];
  return {
    kind: 'answered',
    status: response.statusCode ?? 0,
    servedBy: typeof servedBy === 'string' ? servedBy : undefined,
    body: Buffer.concat(chunks).toString('utf8'),
    setCookies: response.headers['set-cookie'] ?? [],
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code !== 'ABORT_ERR' ? `${error.code}: ${error.message}` : error.message;
}
