// A forward proxy as companies have them: it opens tunnels, also to what is reached in no other way.

import { createServer } from 'node:http';
import { connect } from 'node:net';
import { freePorts } from '@bg/engine/test-kit';

export interface TestProxy {
  readonly url: string;
  /** The same address at a port where no process listens: only this proxy knows the real one. */
  hide(address: string): string;
  /** `host:port` of each tunnel, in order. */
  readonly tunnels: readonly string[];
  close(): void;
}

export async function startProxy(): Promise<TestProxy> {
  const tunnels: string[] = [];
  const hiddenPort = String((await freePorts(1))[0]);
  let realPort = 0;
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', ({ url = '' }, client) => {
    tunnels.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const far = connect(port === hiddenPort ? realPort : Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.pipe(client).pipe(far);
    });
    far.on('error', () => client.destroy());
    client.on('error', () => far.destroy());
    client.on('close', () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const hide = (url: string): string => {
    const hidden = new URL(url);
    realPort = Number(hidden.port);
    hidden.port = hiddenPort;
    return hidden.href;
  };
  return { url: `http://127.0.0.1:${port}`, hide, tunnels, close: () => void server.close() };
}
