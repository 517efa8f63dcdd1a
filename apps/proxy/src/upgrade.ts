// WebSockets and their like: a checked handshake, then bytes in both directions until one end closes.

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, pipeline } from 'node:stream';
import type { Counters, Ending } from '@bg/engine/counting';
import type { AccessLog } from './access-log.ts';
import { decorated, type OwnAnswer, rawAnswer, rawHead } from './answer.ts';
import type { Choice } from './choose-side.ts';
import { type FlatHeaders, hasBody, pathOf, requestHeaders, requestIdIn, responseHeaders } from './headers.ts';
import { type Asked, askedInstance, foundNoConnection, mostTries, type ServedBy, servedBy } from './instance-choice.ts';
import { type Log, messageOf } from './log.ts';
import type { Instance } from './side.ts';
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
  const handshake: Handshake = {
    ...exchange,
    id,
    path,
    headers,
    asked: askedInstance(request, choice, site),
    tried: [],
  };
  counters.opened(choice.slot);
  socket.once('close', () => counters.closed(choice.slot));
  const limit = setTimeout(() => handshake.upstream?.destroy(new Error(tooLate)), site.spec.requestTimeoutMs);
  attempt(handshake, () => clearTimeout(limit));
}

interface Handshake extends UpgradeExchange {
  readonly id: string;
  readonly path: string;
  readonly headers: FlatHeaders;
  readonly asked: Asked;
  readonly tried: Instance[];
  upstream?: ClientRequest;
}

function attempt(handshake: Handshake, done: () => void): void {
  const { socket, choice, site, tried, asked, path, headers, id } = handshake;
  const side = site.sides[choice.slot];
  const instance = side.choose({ ...asked, tried });
  if (instance === undefined) throw new Error(`${choice.slot} has no instance`);
  const { host, port } = instance;
  tried.push(instance);
  const { maxHeaderSize } = site;
  // No agent: only this exchange uses the connection, so nothing sent on it later can reach another user.
  const options = { host, port, method: 'GET', path, headers, agent: false, setHost: false, maxHeaderSize } as const;
  const upstream = httpRequest(options);
  handshake.upstream = upstream;
  upstream.maxHeadersCount = 0;
  let answered = false;
  const onceAnswered = (status: number | undefined, pass: () => void) => {
    answered = true;
    done();
    count(handshake, id, { status, failure: undefined });
    pass();
  };
  const served = servedBy(instance, handshake);
  instance.open += 1;
  const leave = () => {
    instance.open -= 1;
    upstream.destroy();
  };
  socket.once('close', leave);
  upstream.once('upgrade', (answer, service: Socket, first) =>
    onceAnswered(101, () => joinEnds({ ...handshake, served }, answer, service, first)),
  );
  upstream.once('response', (answer) =>
    onceAnswered(answer.statusCode, () => passRefusal({ ...handshake, served }, answer)),
  );
  upstream.on('error', (error) => {
    if (answered) return;
    if (mayGoElsewhere(handshake, error)) {
      socket.off('close', leave);
      leave();
      attempt(handshake, done);
      return;
    }
    done();
    failHandshake(handshake, id, error);
  });
  upstream.end();
}

/** A handshake that found no connection was not sent to anybody. */
function mayGoElsewhere({ socket, choice, site, tried, asked }: Handshake, error: Error): boolean {
  const side = site.sides[choice.slot];
  const [last] = tried.slice(-1);
  if (last === undefined || socket.destroyed || !foundNoConnection(error)) return false;
  side.suspect(last);
  return tried.length < mostTries && side.choose({ ...asked, tried }) !== undefined;
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
  if (choice.route !== 'preview')
    counters.record(choice.slot, { ...ending, ms, drawn, client, request: { id, method, path } });
}

interface Served extends UpgradeExchange {
  readonly served: ServedBy | undefined;
}

function joinEnds(
  { socket, head, choice, site, streams, served }: Served,
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
  socket.write(rawHead(101, 'Switching Protocols', decorated(headers, choice, { spec: site.spec, served })), 'latin1');
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
function passRefusal({ socket, choice, site, served }: Served, answer: IncomingMessage): void {
  const headers = [
    ...decorated(responseHeaders(answer.rawHeaders), choice, { spec: site.spec, served }),
    'connection',
    'close',
  ];
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
  const refused = foundNoConnection(error);
  count(exchange, id, { status: own.status, failure: late ? 'timeout' : refused ? 'connect' : 'cut' });
  log.trouble('a side did not answer', { slot: choice.slot, why: messageOf(error) });
  endWith(socket, own);
}
