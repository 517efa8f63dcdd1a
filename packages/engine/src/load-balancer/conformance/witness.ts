// A service that remembers what reached it, for comparing how balancers treat the same bytes.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  /** Names in lower case; what came twice is joined, as HTTP has it. */
  readonly headers: ReadonlyMap<string, string>;
  readonly path: string;
}

export interface Witness {
  readonly port: number;
  /** The last request since the last call of this. */
  taken(): Seen | undefined;
  close(): Promise<void>;
}

/** `/answer/<n>` has a header of n bytes; everything else is answered by one word. Any upgrade is accepted. */
export async function startWitness(): Promise<Witness> {
  let last: Seen | undefined;
  const note = (path: string, raw: readonly string[]) => {
    const headers = new Map<string, string>();
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = (raw[at] ?? '').toLowerCase();
      headers.set(name, [...(headers.has(name) ? [headers.get(name)] : []), raw[at + 1]].join(', '));
    }
    last = { headers, path };
  };
  const server = createServer({ maxHeaderSize: 2 << 20 }, (request, response) => {
    note(request.url ?? '', request.rawHeaders);
    const bytes = Number(/^\/answer\/(\d+)/.exec(request.url ?? '')?.[1] ?? 0);
    if (bytes > 0) response.setHeader('x-large', 'x'.repeat(bytes));
    request.resume().on('end', () => response.end('done'));
  });
  server.maxHeadersCount = 0;
  server.on('upgrade', (request, socket) => {
    note(request.url ?? '', request.rawHeaders);
    socket.on('error', () => socket.destroy());
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${request.headers.upgrade}`];
    socket.end(`${[...lines, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\ntunnel`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    taken: () => {
      const seen = last;
      last = undefined;
      return seen;
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
