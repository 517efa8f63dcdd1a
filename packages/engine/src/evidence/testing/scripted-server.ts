// A small HTTP server that stands for a service of others, written from its documentation. It answers each request with
// what the test says, and remembers the requests.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, everything else as JSON. Undefined: no answer at all. */
  readonly body?: unknown;
}

export interface ScriptedServer {
  readonly url: string;
  readonly received: Received[];
  answers(respond: (request: Received) => Scripted): void;
  close(): Promise<void>;
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const received: Received[] = [];
  let respond: (request: Received) => Scripted = () => ({ status: 500, body: 'nothing is scripted' });
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const { method = '', headers } = request;
    const got = { method, headers, body, url: new URL(request.url ?? '/', 'http://service') };
    received.push(got);
    const answer = respond(got);
    if (answer.body === undefined) return;
    response.writeHead(answer.status ?? 200, answer.headers);
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answers: (next) => {
      respond = next;
      received.length = 0;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
