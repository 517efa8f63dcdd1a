// Program `backend.ts <slot>`: a service on a free port that says which side it is, as cheaply as can be. It sends its
// port to the process that forked it, and ends with that process.

import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import { pattern } from './pattern.ts';

const slot = process.argv[2] ?? 'nobody';
const eventEveryMs = 50;
const headEnd = Buffer.from('\r\n\r\n');
const small = Buffer.from('x'.repeat(1_024));

interface Question {
  readonly method: string;
  readonly path: string;
  readonly head: string;
  readonly body: Buffer;
}

const server = createServer({ noDelay: true }, (socket) => {
  let received: Buffer = Buffer.alloc(0);
  let talking = false;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (talking) return echoFrame(socket, chunk);
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    for (;;) {
      const taken = take(received);
      if (taken === undefined) return;
      received = taken.rest;
      if (/\r\nupgrade: *websocket/i.test(taken.question.head)) {
        talking = true;
        return acceptWebSocket(socket, taken.question.head);
      }
      serve(socket, taken.question);
    }
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.once('disconnect', () => process.exit());

function take(received: Buffer): { readonly question: Question; readonly rest: Buffer } | undefined {
  const end = received.indexOf(headEnd);
  if (end < 0) return undefined;
  const head = received.toString('latin1', 0, end);
  const whole = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  if (received.length < whole) return undefined;
  const [method = '', path = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
  return {
    question: { method, path, head, body: received.subarray(end + 4, whole) },
    rest: received.subarray(whole),
  };
}

/** `/page/<bytes>`, `/slow/<ms>`, `/events`; what is posted is answered with its length and checksum. */
function serve(socket: Socket, { method, path, head, body }: Question): void {
  const id = /\r\nx-request-id: *([^\r]*)/i.exec(head)?.[1] ?? '';
  const [, verb, amount] = path.split('/');
  if (method === 'POST') answer(socket, id, Buffer.from(`${body.length} ${crc32(body)}`));
  else if (verb === 'events') tick(socket);
  else if (verb === 'page') answer(socket, id, pattern.subarray(0, Number(amount)));
  else if (verb === 'slow') setTimeout(() => answer(socket, id, pattern.subarray(0, 4_096)), Number(amount));
  else answer(socket, id, small);
}

function answer(socket: Socket, id: string, body: Buffer): void {
  socket.cork();
  socket.write(
    `HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nX-Slot: ${slot}\r\nX-Echo: ${id}\r\nContent-Length: ${body.length}\r\n\r\n`,
    'latin1',
  );
  socket.write(body);
  socket.uncork();
}

function tick(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  let count = 0;
  const timer = setInterval(() => {
    const event = `data: ${slot} ${++count}\n\n`;
    socket.write(`${event.length.toString(16)}\r\n${event}\r\n`);
  }, eventEveryMs);
  socket.once('close', () => clearInterval(timer));
}

/** Answers every short text message with `<slot> <message>`; enough of RFC 6455 for a real client. */
function acceptWebSocket(socket: Socket, head: string): void {
  const key = /\r\nsec-websocket-key: *([^\r]*)/i.exec(head)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

function echoFrame(socket: Socket, frame: Buffer): void {
  const [first = 0, second = 0] = frame;
  if ((first & 0x0f) === 8) {
    socket.end(Buffer.from([0x88, 0]));
    return;
  }
  const mask = frame.subarray(2, 6);
  const text = Buffer.from(frame.subarray(6, 6 + (second & 0x7f)).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
  const message = Buffer.from(`${slot} ${text}`);
  socket.write(Buffer.concat([Buffer.from([0x81, message.length]), message]));
}
