// A small real service for the balancers' contract: it names its side, and does what the path asks for.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SlotName } from '../../domain/target.ts';

export interface Backend {
  readonly port: number;
  /** Headers of the last request, as they arrived. */
  lastHeaders(): IncomingMessage['headers'];
  /** Stops listening and cuts every connection: no process answers on the port any more. */
  close(): Promise<void>;
}

export async function startBackend(slot: SlotName): Promise<Backend> {
  let last: IncomingMessage['headers'] = {};
  const server = createServer((request, response) => {
    last = request.headers;
    serve(slot, request, response).catch(() => response.destroy());
  });
  const upgraded = new Set<Duplex>();
  server.on('upgrade', (request, socket) => {
    upgraded.add(socket.once('close', () => upgraded.delete(socket)).on('error', () => socket.destroy()));
    echoWebSocket(slot, request, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    lastHeaders: () => last,
    close: () => close(server, upgraded),
  };
}

/** `/status/<n>`, `/delay/<ms>`, `/events`, `/drop` (no answer at all), and everything else: the side, and what was received. */
async function serve(slot: SlotName, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, verb, argument] = (request.url ?? '/').split('/');
  if (verb === 'events') return tick(slot, response);
  if (verb === 'drop') return void request.socket.destroy();
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    digest.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  if (verb === 'delay') await new Promise((resolve) => setTimeout(resolve, Number(argument)));
  response.statusCode = verb === 'status' ? Number(argument) : 200;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ slot, bytes, sha256: digest.digest('hex') }));
}

function tick(slot: SlotName, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let count = 0;
  const next = () => response.write(`data: ${slot} ${++count}\n\n`);
  next();
  const timer = setInterval(next, 20);
  response.once('close', () => clearInterval(timer));
}

/** Answers every short text message with `<slot>: <message>`; enough of RFC 6455 for a real client. */
function echoWebSocket(slot: SlotName, request: IncomingMessage, socket: Duplex): void {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  socket.write(`${[...head, `Sec-WebSocket-Accept: ${accept}`].join('\r\n')}\r\n\r\n`);
  socket.on('data', (frame: Buffer) => {
    const [first = 0, second = 0] = frame;
    if ((first & 0x0f) === 8) {
      socket.end(frame.subarray(0, 2));
      return;
    }
    const mask = frame.subarray(2, 6);
    const text = Buffer.from(frame.subarray(6, 6 + (second & 0x7f)).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
    const answer = Buffer.from(`${slot}: ${text}`);
    socket.write(Buffer.concat([Buffer.from([0x81, answer.length]), answer]));
  });
}

async function close(server: Server, upgraded: ReadonlySet<Duplex>): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  for (const socket of upgraded) socket.destroy();
  await closed;
}
