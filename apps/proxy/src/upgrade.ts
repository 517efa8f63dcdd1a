// WebSockets and their like: a checked handshake, then bytes in both directions until one end closes.

import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import type { Counters, Ending } from '@bg/engine/counting';
import type { AccessLog } from './access-log.ts';
import { decorated, type OwnAnswer, rawAnswer, rawHead } from './answer.ts';
import type { Choice } from './choose-side.ts';
import { hasBody, pathOf, requestHeaders, requestIdIn, responseHeaders } from './headers.ts';
import { type Log, messageOf } from './log.ts';
import type { Site } from './site.ts';
import type { Streams } from './streams.ts';

export interface UpgradeExchange {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the user sent behind the handshake already. */
  readonly head: Buffer;
  readonly choice: Choice & { kind: 'side' };
  readonly site: Site;
  readonly counters: Counters;
  readonly access: AccessLog;
  readonly streams: Streams;
  readonly log: Log;
  readonly began: number;
}

const idleMs = 3_600_000;
const tooLate = 'no answer in time';

/**
 * WebSockets only: an inner HTTP/2 or TLS would carry requests past the balancer, and a body would be taken for the new
 * protocol. Such a request is answered as if it had not asked for an upgrade, as RFC 9110 allows.
 */
export function mayUpgrade(request: IncomingMessage): boolean {
  return request.method === 'GET' && !hasBody(request) && request.headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** @throws InvalidInput before anything was sent anywhere. */
export function forwardUpgrade(exchange: UpgradeExchange): void {
  const { request, socket, choice, site, counters } = exchange;
  const path = pathOf(request.url ?? '');
  const passed = requestHeaders(request, site);
  const id = requestIdIn(passed);
  const headers = [...passed, ...['connection', 'Upgrade', 'upgrade', request.headers.upgrade ?? '']];

  const { maxHeaderSize } = site;
  const { host, port } = site.upstreams[choice.slot];
  counters.opened(choice.slot);
  socket.once('close', () => counters.closed(choice.slot));
  // No agent: only this exchange uses the connection, so nothing sent on it later can reach another user.
  const options = { host, port, method: 'GET', path, headers, agent: false, setHost: false, maxHeaderSize } as const;
  const upstream = httpRequest(options);
  upstream.maxHeadersCount = 0;
  const limit = setTimeout(() => upstream.destroy(new Error(tooLate)), site.spec.requestTimeoutMs);
  let answered = false;
  const onceAnswered = (status: number | undefined, pass: () => void) => {
    answered = true;
    clearTimeout(limit);
    count(exchange, id, { status, failure: undefined });
    pass();
  };
  upstream.once('upgrade', (answer, service: Socket, first) =>
    onceAnswered(101, () => joinEnds(exchange, answer, service, first)),
  );
  upstream.once('response', (answer) => onceAnswered(answer.statusCode, () => passRefusal(exchange, answer)));
  upstream.on('error', (error) => {
    clearTimeout(limit);
    if (!answered) failHandshake(exchange, id, error);
  });
  socket.once('close', () => upstream.destroy());
  upstream.end();
}

export function endWith(socket: Duplex, own: OwnAnswer): void {
  socket.end(rawAnswer(own));
  closeSoon(socket);
}

/** Counted at the handshake's answer: how long a conversation lasts says nothing about the service. */
function count(
  { request, choice, counters, access, began }: UpgradeExchange,
  id: string,
  ending: Omit<Ending, 'ms'>,
): void {
  if (choice.probe) return;
  const ms = performance.now() - began;
  const { method, url: path = '' } = request;
  access.append({ id, slot: choice.slot, method, path, status: ending.status, ms });
  const { client, newKey } = choice;
  const drawn = newKey !== undefined;
  if (choice.route !== 'preview') counters.record(choice.slot, { ...ending, ms, drawn, client });
}

function joinEnds(
  { socket, head, choice, site, streams }: UpgradeExchange,
  answer: IncomingMessage,
  service: Socket,
  first: Buffer,
): void {
  const headers = [
    ...responseHeaders(answer.rawHeaders),
    'connection',
    'Upgrade',
    'upgrade',
    `${answer.headers.upgrade ?? ''}`,
  ];
  socket.write(rawHead(101, 'Switching Protocols', decorated(headers, choice, site.spec)), 'latin1');
  if (first.length > 0) socket.write(first);
  if (head.length > 0) service.write(head);
  socket.once(
    'close',
    streams.add(choice.slot, () => socket.destroy()),
  );
  for (const [end, other] of [
    [socket as Socket, service],
    [service, socket as Socket],
  ] as const) {
    end.setNoDelay(true).setKeepAlive(true, 60_000);
    end.setTimeout(idleMs, () => end.destroy());
    end.on('error', () => other.destroy());
    end.once('close', () => other.destroy());
    end.pipe(other);
  }
}

/** The service's own refusal, whole; and the connection ends with it, so that nothing behind it passes unseen. */
function passRefusal({ socket, choice, site }: UpgradeExchange, answer: IncomingMessage): void {
  const headers = [...decorated(responseHeaders(answer.rawHeaders), choice, site.spec), 'connection', 'close'];
  socket.write(rawHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers), 'latin1');
  pipeline(answer, socket, (error) => {
    if (error) (socket as Socket).resetAndDestroy();
    else closeSoon(socket);
  });
}

/** The user closes after reading `connection: close`; the proxy does not wait for a user who does not close. */
function closeSoon(socket: Duplex): void {
  (socket as Socket).setTimeout(5_000, () => socket.destroy());
}

function failHandshake(exchange: UpgradeExchange, id: string, error: Error): void {
  const { socket, choice, log } = exchange;
  // The user left first: there is no one to answer, and the side is not to blame.
  if (socket.destroyed) {
    count(exchange, id, { status: undefined, failure: undefined });
    return;
  }
  const late = error.message === tooLate;
  const own: OwnAnswer = late
    ? { status: 504, sentence: 'The service did not answer in time.' }
    : { status: 502, sentence: 'The service did not answer.' };
  const refused = 'syscall' in error && error.syscall === 'connect';
  count(exchange, id, { status: own.status, failure: late ? 'timeout' : refused ? 'connect' : 'cut' });
  log.trouble('a side did not answer', { slot: choice.slot, why: messageOf(error) });
  endWith(socket, own);
}
