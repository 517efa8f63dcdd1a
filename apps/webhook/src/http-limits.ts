// The bounds of the HTTP server: sizes, times, connections, and how many bytes are in memory at once.

import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createGuests, createRoom } from './limits.ts';
import { refusals, type TurnAway } from './refusals.ts';
import { sourceOf } from './source.ts';
import type { Strangers } from './strangers.ts';

const maxBodyBytes = 1 << 20;
const maxHeaders = 100;
const mostConnections = 1024;
/** A quarter: one source alone does not take them all. */
const mostConnectionsPerSource = 256;
/** Bodies of a usual size always find a place; the large ones share this. */
const usualBodyBytes = 64 << 10;
const largeBodiesBytes = 64 << 20;

export const limits = {
  bodyLimit: maxBodyBytes,
  /** A whole request; the answer to an order may take its time. */
  requestTimeout: 10_000,
  /** Nothing goes either way. */
  connectionTimeout: 30_000,
  /** Longer than the minute after which proxies let go of a connection, so that none is closed under a request. */
  keepAliveTimeout: 72_000,
  http: {
    headersTimeout: 5000,
    requestTimeout: 10_000,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 16 << 10,
  },
} as const;

/** A proxy that is believed speaks for many. */
export function limitConnections(server: FastifyInstance, isTrusted: (address: string | undefined) => boolean): void {
  const guests = createGuests(mostConnectionsPerSource);
  server.server.maxConnections = mostConnections;
  // Beyond this Node leaves headers out without a word; one more than are allowed shows that there were too many.
  server.server.maxHeadersCount = maxHeaders + 1;
  server.server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (isTrusted(remoteAddress)) return;
    const source = sourceOf(remoteAddress);
    if (guests.come(source)) socket.once('close', () => guests.leave(source));
    else socket.destroy();
  });
}

/** Before the body of a delivery is read. */
export function limitWhatIsRead(hooks: FastifyInstance, strangers: Strangers, turnAway: TurnAway): void {
  const room = createRoom(largeBodiesBytes);
  hooks.addHook('onRequest', async (request, reply) => {
    if (request.raw.rawHeaders.length / 2 > maxHeaders) return turnAway(request, reply, refusals.tooManyHeaders);
    if (strangers.wait(sourceOf(request.ip)) > 0 && !bringsProof(request.headers))
      return turnAway(request, reply, refusals.tooMany);
    const leave = enter(room, request.headers['content-length']);
    if (leave) reply.raw.once('close', leave);
    else
      return reply
        .header('retry-after', 1)
        .header('connection', 'close')
        .code(503)
        .send({ code: 'busy', sentence: 'Too much arrives at once; come again later.' });
    return undefined;
  });
}

function enter(room: ReturnType<typeof createRoom>, contentLength: string | undefined): (() => void) | undefined {
  // A body in chunks does not say how large it will be.
  const bytes = contentLength === undefined ? maxBodyBytes : Math.min(Number(contentLength), maxBodyBytes);
  return room.enter(bytes <= usualBodyBytes ? 0 : bytes);
}

const proofHeaders = ['x-hub-signature-256', 'x-gitlab-token', 'webhook-signature', 'authorization'];

function bringsProof(headers: Readonly<Record<string, unknown>>): boolean {
  return proofHeaders.some((name) => headers[name] !== undefined);
}
