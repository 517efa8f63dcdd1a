// Receivers of audit rows on free ports of this machine, as real ones read: framed streams, datagrams, posted lines.

import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export interface Receiver {
  readonly port: number;
  readonly messages: string[];
  close(): Promise<void>;
}

const rowIn = (message: string): { readonly seq: number; readonly hash: string } =>
  JSON.parse(message.slice(message.indexOf('{'))) as { seq: number; hash: string };
export const seqsOf = (messages: readonly string[]): readonly number[] => messages.map((each) => rowIn(each).seq);

/** `path`: of a unix socket. `breaks`: connections that are cut in the middle instead of being read. */
export async function startStream({
  path,
  breaks = 0,
  tls,
}: {
  path?: string;
  breaks?: number;
  /** PEM. */
  tls?: { readonly key: Buffer; readonly cert: Buffer };
} = {}): Promise<Receiver> {
  const messages: string[] = [];
  let left = breaks;
  const read = (socket: Socket): void => {
    const chunks: Buffer[] = [];
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (left > 0) {
        left -= 1;
        socket.resetAndDestroy();
        return;
      }
      chunks.push(chunk);
    });
    socket.on('end', () => {
      messages.push(...framesIn(Buffer.concat(chunks)));
      socket.end();
    });
  };
  const server = tls
    ? createTlsServer({ ...tls, allowHalfOpen: true }, read).on('tlsClientError', () => undefined)
    : createServer({ allowHalfOpen: true }, read);
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  );
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? (address as AddressInfo).port : 0;
  return {
    port,
    messages,
    close: () =>
      new Promise((resolve) => {
        // One whose handshake failed may stay half open.
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** RFC 6587, octet counting. */
function framesIn(bytes: Buffer): readonly string[] {
  const frames: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.toString('latin1', at, space));
    frames.push(bytes.toString('utf8', space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return frames;
}

export async function startDatagrams(): Promise<Receiver> {
  const messages: string[] = [];
  const socket = createSocket('udp4').on('message', (message) => messages.push(message.toString()));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    messages,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export interface Collector extends Receiver {
  readonly batches: { readonly headers: Readonly<Record<string, unknown>>; readonly rows: number }[];
}

/** `answer`: the status for a batch; a refused batch is not stored. */
export async function startCollector(
  answer: (lines: readonly string[], count: number) => number | Promise<number>,
): Promise<Collector> {
  const messages: string[] = [];
  const batches: Collector['batches'] = [];
  const server = createHttpServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const lines = body.trimEnd().split('\n');
    batches.push({ headers: request.headers, rows: lines.length });
    const status = await answer(lines, batches.length);
    if (status === 200) messages.push(...lines);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { port, messages, batches, close };
}
