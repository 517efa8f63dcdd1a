// Where users connect: one HTTP server, which decides each request by the routing in force at that moment.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Routing } from '@bg/engine';
import type { Counters } from '@bg/engine/counting';
import type { AccessLog } from './access-log.ts';
import { answer, type OwnAnswer } from './answer.ts';
import { type Choice, chooseSide } from './choose-side.ts';
import { forward } from './forward.ts';
import { isWholeRead } from './headers.ts';
import { type Log, messageOf } from './log.ts';
import { InvalidInput } from './parse.ts';
import type { Places } from './places.ts';
import { hourMs } from './request-body.ts';
import type { Site } from './site.ts';
import { sourceOf } from './source.ts';
import type { Streams } from './streams.ts';
import { endWith, forwardUpgrade, mayUpgrade } from './upgrade.ts';

/** What a request sees: asked for each one, so that a switch is in force with the next request on any connection. */
export interface FrontOptions {
  readonly site: () => Site;
  readonly routing: () => Routing | undefined;
  readonly counters: Counters;
  readonly places: Places;
  readonly access: AccessLog;
  readonly streams: Streams;
  readonly log: Log;
}

export interface Front {
  /** @throws the system's error, `EADDRINUSE` above all. */
  listen(address: { readonly host: string; readonly port: number }): Promise<void>;
  connections(): number;
  /** For connections that come from now on. */
  limitHeads(maxBytes: number): void;
  /** Stops listening, lets exchanges end for at most `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

const serverOptions = {
  keepAliveTimeout: 75_000,
  headersTimeout: 60_000,
  // The limit for a whole upload, and the longest silence on any connection.
  requestTimeout: hourMs,
  timeout: hourMs,
};

export function createFront(options: FrontOptions): Front {
  const sockets = new Set<Socket>();
  const server = createServer({ ...serverOptions, shouldUpgradeCallback: mayUpgrade });
  server.timeout = serverOptions.timeout;
  // Bytes are what is limited, here and of answers.
  server.maxHeadersCount = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => serve(options, server, { request, response, expectsContinue: false }));
  server.on('checkContinue', (request, response) =>
    serve(options, server, { request, response, expectsContinue: true }),
  );
  server.on('upgrade', (request, socket, head) => serveUpgrade(options, request, socket, head));
  return {
    listen: (address) => listen(server, address),
    connections: () => sockets.size,
    limitHeads: (maxBytes) => Object.assign(server, { maxHeaderSize: maxBytes }),
    close: (graceMs) => close(server, sockets, graceMs),
  };
}

interface Served {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly expectsContinue: boolean;
}

function serve(options: FrontOptions, server: Server, served: Served): void {
  const { request, response } = served;
  const { counters, access, streams, log } = options;
  const began = performance.now();
  const ending = () => !server.listening;
  try {
    const site = options.site();
    const choice = chosen(options, site, request);
    if (asksHealth(site, request)) answer(response, ownHealth(options), isWholeRead(request));
    else if (choice.kind === 'nobody')
      answer(response, { status: 503, sentence: choice.sentence }, isWholeRead(request));
    else if (!takePlace(options, { site, choice, request }, response))
      answer(response, { status: 503, sentence: tooMany }, isWholeRead(request));
    else forward({ ...served, choice, site, counters, access, streams, log, began, ending });
  } catch (thrown) {
    const own = ownAnswerTo(thrown, log);
    if (response.headersSent) request.socket.resetAndDestroy();
    else answer(response, own, false);
  }
}

function serveUpgrade(options: FrontOptions, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { counters, access, streams, log } = options;
  const began = performance.now();
  socket.on('error', () => socket.destroy());
  try {
    const site = options.site();
    const choice = chosen(options, site, request);
    // Where node:http does not ask first (before 24.9), an upgrade that cannot be passed on arrives here.
    if (!mayUpgrade(request)) endWith(socket, { status: 400, sentence: 'This upgrade is not offered.' });
    else if (choice.kind === 'nobody') endWith(socket, { status: 503, sentence: choice.sentence });
    else if (!takePlace(options, { site, choice, request }, socket))
      endWith(socket, { status: 503, sentence: tooMany });
    else forwardUpgrade({ request, socket, head, choice, site, counters, access, streams, log, began });
  } catch (thrown) {
    endWith(socket, ownAnswerTo(thrown, log));
  }
}

/** For monitors outside: whether the balancer is up and has a release to send users to. */
function asksHealth({ spec }: Site, { url = '' }: IncomingMessage): boolean {
  return spec.healthPath !== undefined && url.split('?', 1)[0] === spec.healthPath;
}

const ownHealth = ({ routing }: FrontOptions): OwnAnswer =>
  routing()?.active === undefined
    ? { status: 503, sentence: 'No release is live here.' }
    : { status: 200, sentence: 'ok' };

function chosen({ routing }: FrontOptions, site: Site, request: IncomingMessage): Choice {
  const present = routing();
  if (present === undefined) return { kind: 'nobody', sentence: 'The routing is not known at present.' };
  const asker = { headers: request.headers, address: sourceOf(request, site.isTrusted) };
  return chooseSide(asker, present, site);
}

const tooMany = 'Too many requests are being answered at present.';

interface Asked {
  readonly site: Site;
  readonly choice: Choice & { readonly kind: 'side' };
  readonly request: IncomingMessage;
}

/** Until `end` is closed. Probes need no place: the state of a side must be visible above all when it is overloaded. */
function takePlace({ places }: FrontOptions, { site, choice, request }: Asked, end: ServerResponse | Duplex): boolean {
  if (choice.probe) return true;
  const giveBack = places.take(sourceOf(request, site.isTrusted));
  if (giveBack !== undefined) end.once('close', giveBack);
  return giveBack !== undefined;
}

function ownAnswerTo(thrown: unknown, log: Log): OwnAnswer {
  if (thrown instanceof InvalidInput) return { status: 400, sentence: `Bad request: ${thrown.message}.` };
  log.trouble('a request failed inside the proxy', { why: messageOf(thrown) });
  return { status: 500, sentence: 'The load balancer failed.' };
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection whose exchange ends from now on is idle then, and not asked to wait for its keep-alive time.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const limit = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await closed;
  // Upgraded connections are out of the server's count.
  for (let waited = 0; sockets.size > 0 && waited <= graceMs; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  clearInterval(sweep);
  clearTimeout(limit);
}
