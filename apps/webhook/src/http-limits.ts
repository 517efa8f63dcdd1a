// The limits of the HTTP server: sizes, times, connections, and how many bytes are in memory at once.

import type { Socket } from 'node:net';
import { type Readable, Transform } from 'node:stream';
import { buildHosts, codeHosts, createGuests, createRoom, sourceOf } from '@bg/engine';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type RefusedRequest, type Reject, refusals } from './refusals.ts';
import type { Unauthenticated } from './unauthenticated.ts';

const maxBodyBytes = 1 << 20;
/** GitHub and GitLab send up to 25 MB, and a little more where JSON travels as a form. */
const maxHostBodyBytes = 32 << 20;
const maxHeaders = 100;
const mostConnections = 1024;
/** A quarter: a single source does not take them all. */
const mostConnectionsPerSource = 256;
/** Bodies of a usual size always find a place; the large ones share this, and no source has more than a quarter of it. */
const usualBodyBytes = 64 << 10;
const largeBodiesBytes = 64 << 20;
const mostLargeBodiesPerSource = 16;
/** Bodies that only code hosts send have a separate budget, so that they cannot block the others: one per source. */
const hostBodiesBytes = 2 * maxHostBodyBytes;

export const limits = {
  bodyLimit: maxBodyBytes,
  /** A whole request; the answer to an order may take its time. */
  requestTimeout: 10_000,
  /** No bytes in either direction. */
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

export function bodyLimitOf(hook: string): number {
  const host = buildHosts.find((each) => each === hook);
  return host && codeHosts[host].sendsLargeBodies ? maxHostBodyBytes : maxBodyBytes;
}

/** A trusted proxy sends for many sources. */
export function limitConnections(server: FastifyInstance, isTrusted: (address: string | undefined) => boolean): void {
  const guests = createGuests(mostConnectionsPerSource);
  server.server.maxConnections = mostConnections;
  server.server.maxHeadersCount = maxHeaders;
  server.server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    if (isTrusted(remoteAddress)) return;
    const source = sourceOf(remoteAddress);
    if (guests.come(source)) socket.once('close', () => guests.leave(source));
    else socket.destroy();
  });
}

/** Before a body is read. */
export function limitWhatIsRead(server: FastifyInstance, unauthenticated: Unauthenticated, reject: Reject): void {
  const enterLarge = createLargeRoom(largeBodiesBytes, mostLargeBodiesPerSource);
  const enterHost = createLargeRoom(hostBodiesBytes, 1);
  server.addHook('onRequest', async (request, reply) => {
    const largeBytes = largeBytesOf(request);
    const refused = refusalOf(request, unauthenticated);
    // After refusing a large body, the server closes the connection: the rest of the body would still come in on it.
    if (refused && largeBytes > 0) reply.header('connection', 'close');
    if (refused) return reject(request, reply, refused);
    if (largeBytes === 0) return undefined;
    const enter = largeBytes > maxBodyBytes ? enterHost : enterLarge;
    const leave = enter(sourceOf(request.ip), largeBytes);
    if (!leave) return reply.headers({ 'retry-after': 1, connection: 'close' }).code(503).send(busy);
    reply.raw.once('close', leave);
    return undefined;
  });
  // A body in chunks does not say how large it will be, so this much is reserved for it.
  server.addHook('preParsing', async ({ headers }, reply, body) =>
    headers['transfer-encoding'] === undefined ? body : bounded(body as Readable, reply),
  );
}

function bounded(body: Readable, reply: FastifyReply): Readable {
  let bytes = 0;
  const bound = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      const isTooLarge = bytes > maxBodyBytes;
      // The rest of the body is not read.
      if (isTooLarge) reply.header('connection', 'close');
      done(isTooLarge ? Object.assign(new Error('the body is too large'), { statusCode: 413 }) : null, chunk);
    },
  });
  // Not `pipeline`: it would destroy the request, which is still to be answered.
  body.once('error', (thrown) => bound.destroy(thrown));
  body.once('close', () => {
    if (!body.readableEnded) bound.destroy();
  });
  return body.pipe(bound);
}

function createLargeRoom(
  allBytes: number,
  mostPerSource: number,
): (source: string, bytes: number) => (() => void) | undefined {
  const room = createRoom(allBytes);
  const guests = createGuests(mostPerSource);
  return (source, bytes) => {
    if (!guests.come(source)) return undefined;
    const leave = room.enter(bytes);
    if (!leave) guests.leave(source);
    return (
      leave &&
      (() => {
        leave();
        guests.leave(source);
      })
    );
  };
}

const busy = { code: 'busy', sentence: 'Too much arrives at once; come again later.' } as const;

function refusalOf(request: FastifyRequest, unauthenticated: Unauthenticated): RefusedRequest | undefined {
  if (request.is404) return refusals.notFound;
  const isDelivery = request.method === 'POST';
  if (!isDelivery || bringsProof(request.headers)) return undefined;
  // A request without any proof gets no memory for a large body.
  if (largeBytesOf(request) > maxBodyBytes) return refusals.tooLarge;
  return unauthenticated.wait(sourceOf(request.ip)) > 0 ? refusals.tooMany : undefined;
}

/** Of the body that is announced; 0 for a usual one. One in chunks does not say how large it will be. */
function largeBytesOf({ headers, routeOptions }: FastifyRequest): number {
  const announced = headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : maxBodyBytes;
  return announced <= usualBodyBytes ? 0 : Math.min(announced, routeOptions.bodyLimit ?? maxBodyBytes);
}

const proofHeaders = ['x-hub-signature-256', 'x-hub-signature', 'x-gitlab-token', 'webhook-signature', 'authorization'];

function bringsProof(headers: Readonly<Record<string, unknown>>): boolean {
  return proofHeaders.some((name) => headers[name] !== undefined);
}
