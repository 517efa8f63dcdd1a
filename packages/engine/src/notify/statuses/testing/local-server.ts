// A real HTTP server of a test, on a separate port: it stores every request, and answers as the test says.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Heard {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Said {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `never`: the connection stays open and says nothing. `cut`: it ends without an answer. */
export type Answer = Said | 'never' | 'cut';

export interface LocalServer {
  readonly origin: string;
  readonly heard: readonly Heard[];
  close(): Promise<void>;
}

export async function localServer(answer: (heard: Heard) => Answer, port = 0): Promise<LocalServer> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url: new URL(url, 'http://local'), headers, body: Buffer.concat(chunks).toString('utf8') };
      heard.push(one);
      say(response, answer(one));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function say(response: ServerResponse, answer: Answer): void {
  if (answer === 'never') return;
  if (answer === 'cut') {
    response.destroy();
    return;
  }
  const { status, headers = {}, body } = answer;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
}
