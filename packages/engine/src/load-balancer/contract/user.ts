// A user of the service as seen from outside: plain requests without retries, so that no lost answer is hidden.

import { Agent, type ClientRequest, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** A separate connection when left out. */
  readonly agent?: Agent;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly ms: number;
}

const limitMs = 20_000;

/** Rejects when the answer does not arrive whole. */
export function call(base: string, options: Call = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = begin(base, options, resolve, reject);
    outgoing.end(options.body);
  });
}

/** The same, but the caller sends the body: for a request that is still being sent when something changes. */
export function beginCall(
  base: string,
  options: Call,
): { readonly outgoing: ClientRequest; readonly reply: Promise<Reply> } {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  return { outgoing: begin(base, options, resolve, reject), reply: promise };
}

/** The side that answered. */
export function sideOf({ body, status }: Reply): string {
  return status === 200 ? String((JSON.parse(body) as { slot: unknown }).slot) : `status ${status}`;
}

/** The value of the cookie that an answer sets. */
export function cookieSet({ headers }: Reply, name: string): string | undefined {
  const lines = headers['set-cookie'] ?? [];
  return lines
    .find((line) => line.startsWith(`${name}=`))
    ?.split(';')[0]
    ?.slice(name.length + 1);
}

function begin(
  base: string,
  { path = '/', method = 'GET', headers = {}, agent }: Call,
  resolve: (reply: Reply) => void,
  reject: (error: Error) => void,
): ClientRequest {
  const began = performance.now();
  const signal = AbortSignal.timeout(limitMs);
  const options = { method, headers, signal, agent: agent ?? new Agent({ keepAlive: false }) };
  const outgoing = httpRequest(new URL(path, base), options, (answer) => {
    let body = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      body += chunk;
    });
    answer.on('error', reject);
    answer.on('end', () => {
      if (!answer.complete) return reject(new Error('the answer was cut'));
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, ms: performance.now() - began });
    });
  });
  return outgoing.on('error', reject);
}
