// One request to one side and its answer back: streamed both ways, and never whole when it was cut. Only
// a side with several instances gets a request twice, and only one that it has not seen or may see twice.

import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { idempotentMethods } from '@bg/engine/counting';
import { answer, type OwnAnswer } from './answer.ts';
import { beginAnswer, passInformation, passTrailers } from './answer-through.ts';
import type { Exchange, Passage, RequestHead } from './exchange.ts';
import { framingOf, hasBody, isWholeRead, pathOf, requestHeaders, requestIdIn } from './headers.ts';
import { askedInstance, foundNoConnection, mostTries } from './instance-choice.ts';
import { messageOf } from './log.ts';
import { hourMs, lingerForBody, onceConnected, sendBody, userIdleMs } from './request-body.ts';
import { type Instance, settled } from './side.ts';

const connectLimitMs = 5_000;
const leastAnswerIdleMs = 60_000;
const idempotent = new Set(idempotentMethods);

class TooLate extends Error {
  readonly failure: 'connect' | 'timeout';

  constructor(failure: 'connect' | 'timeout') {
    super(failure === 'connect' ? 'no connection in time' : 'no answer in time');
    this.failure = failure;
  }
}

/** @throws InvalidInput before anything was sent anywhere. */
export function forward(exchange: Exchange): void {
  const { request, response, choice, site, counters } = exchange;
  const head = { path: pathOf(request.url ?? ''), headers: requestHeaders(request, site) };
  const asked = askedInstance(request, choice, site);
  const instance = site.sides[choice.slot].choose({ ...asked, tried: [] });
  if (instance === undefined) throw new Error(`${choice.slot} has no instance`);
  const passage: Passage = {
    ...exchange,
    id: requestIdIn(head.headers),
    head,
    asked,
    tried: [],
    instance,
    outgoing: requestTo(instance, exchange, head),
    bodyBegan: false,
    status: undefined,
    headMs: undefined,
    leave: undefined,
    failure: undefined,
    limit: undefined,
    stopBody: undefined,
  };
  counters.opened(choice.slot);
  response.once('close', () => settle(passage));
  send(passage);
}

function requestTo({ host, port, agent }: Instance, exchange: Exchange, { path, headers }: RequestHead): ClientRequest {
  const { request, site, expectsContinue } = exchange;
  const { method } = request;
  const whole = [
    ...framingOf(request),
    // HTTP/1.0 needs none, the service is asked in HTTP/1.1.
    ...(request.headers.host === undefined ? ['host', `${host}:${port}`] : []),
    ...(expectsContinue ? ['expect', '100-continue'] : []),
    ...headers,
  ];
  const { maxHeaderSize } = site;
  const outgoing = httpRequest({ host, port, agent, method, path, headers: whole, setHost: false, maxHeaderSize });
  outgoing.maxHeadersCount = 0;
  return outgoing;
}

function send(passage: Passage): void {
  const { request, instance, tried, outgoing } = passage;
  instance.open += 1;
  instance.requests += 1;
  tried.push(instance);
  listenTo(passage);
  if (hasBody(request)) sendWithBody(passage);
  else {
    expectService(passage, true);
    outgoing.end();
  }
}

/** To another instance: whatever was not sent yet, and what may be sent twice. False when the failure is final. */
function sendAgain(passage: Passage, error: Error): boolean {
  const { request, response, choice, site, tried, instance } = passage;
  const side = site.sides[choice.slot];
  if (!side.hasSeveral || passage.status !== undefined || response.headersSent) return false;
  const wasRefused = foundNoConnection(error) || (error instanceof TooLate && error.failure === 'connect');
  if (wasRefused) side.suspect(instance);
  const isRepeatable = !(error instanceof TooLate) && idempotent.has(request.method ?? '') && !hasBody(request);
  if (tried.length >= mostTries || !(wasRefused ? !passage.bodyBegan : isRepeatable)) return false;
  const next = side.choose({ ...passage.asked, tried });
  if (next === undefined) return false;
  instance.errors += 1;
  giveUp(passage);
  instance.open -= 1;
  passage.instance = next;
  passage.outgoing = requestTo(next, passage, passage.head);
  send(passage);
  return true;
}

function listenTo(passage: Passage): void {
  const { request, response, outgoing, tried } = passage;
  const isPresent = () => passage.outgoing === outgoing;
  outgoing.once('socket', (socket) => {
    if (!socket.connecting) return;
    const limit = setTimeout(() => outgoing.destroy(new TooLate('connect')), connectLimitMs);
    socket.once('connect', () => clearTimeout(limit)).once('close', () => clearTimeout(limit));
  });
  outgoing.once('response', (reply) => passAnswer(passage, reply));
  outgoing.on('continue', () => {
    if (!response.headersSent && request.httpVersion === '1.1') response.writeContinue();
  });
  outgoing.on('information', (hints) => passInformation(passage, hints));
  outgoing.on('error', (error) => {
    if (isPresent()) fail(passage, error);
  });
  // An upgrade that the user did not ask for ends without an error.
  outgoing.once('close', () => {
    if (isPresent() && passage.status === undefined) fail(passage, new Error('the connection was closed'));
  });
  // The end of the answer reports what the user did to the request.
  if (tried.length === 1) request.on('error', () => {});
}

/** Sends the head at once: the service may refuse the request before it sees a body. */
function sendWithBody(passage: Passage): void {
  const { request, response, outgoing, site, choice, tried } = passage;
  const idleMs = site.spec.userIdleMs ?? userIdleMs;
  outgoing.flushHeaders();
  const watch = {
    blocked: (isBlocked: boolean) => expectService(passage, isBlocked),
    ended: () => expectService(passage, true),
  };
  const begin = () => {
    if (passage.outgoing !== outgoing || outgoing.destroyed) return;
    passage.bodyBegan = true;
    passage.stopBody = sendBody(request, outgoing, watch, idleMs);
  };
  if (site.sides[choice.slot].hasSeveral) onceConnected(outgoing, begin);
  else begin();
  if (tried.length > 1) return;
  request.once('timeout', () => {
    if (response.headersSent) return void request.socket.resetAndDestroy();
    passage.status = 408;
    giveUp(passage);
    answer(response, { status: 408, sentence: 'The request did not arrive in time.' }, false);
  });
}

function expectService(passage: Passage, isExpected: boolean): void {
  clearTimeout(passage.limit);
  if (!isExpected || passage.status !== undefined) return;
  const { requestTimeoutMs } = passage.site.spec;
  passage.limit = setTimeout(() => passage.outgoing.destroy(new TooLate('timeout')), requestTimeoutMs);
}

function passAnswer(passage: Passage, reply: IncomingMessage): void {
  const { request, response, outgoing, site } = passage;
  if (response.destroyed) return void outgoing.destroy();
  // A user who was refused for being slow has an answer already.
  if (passage.status !== undefined) return void outgoing.destroy();
  clearTimeout(passage.limit);
  beginAnswer(passage, reply);
  const idleMs = passage.leave === undefined ? Math.max(site.spec.requestTimeoutMs, leastAnswerIdleMs) : hourMs;
  const { socket } = reply;
  const endIdle = (): void => void outgoing.destroy(new TooLate('timeout'));
  socket.setTimeout(idleMs);
  socket.on('timeout', endIdle);
  // The connection goes on to the next user, and must not remember this one.
  reply.once('close', () => socket.off('timeout', endIdle));
  const resume = (): void => {
    if (isWholeRead(request)) request.socket.setTimeout(hourMs);
    reply.resume();
  };
  reply.on('data', (chunk: Buffer) => {
    // A small answer is here as a whole, and leaves in one write.
    if (reply.complete && reply.readableLength === 0) return endAnswer(passage, reply, chunk);
    if (response.write(chunk)) return;
    reply.pause();
    request.socket.setTimeout(site.spec.userIdleMs ?? userIdleMs);
    response.once('drain', resume);
  });
  reply.once('end', () => {
    // A cut answer emits `error`; an end without `complete` is a cut too.
    if (reply.complete && !response.writableEnded) endAnswer(passage, reply);
  });
  reply.once('error', (error) => fail(passage, error));
}

function endAnswer(passage: Passage, reply: IncomingMessage, last?: Buffer): void {
  const { request, response, outgoing, site } = passage;
  passTrailers(response, reply.trailers);
  request.socket.setTimeout(site.spec.userIdleMs ?? userIdleMs);
  response.end(last);
  if (isWholeRead(request)) return;
  passage.stopBody?.();
  outgoing.destroy();
  lingerForBody(request, response);
}

/** Nothing more is wanted of the service. */
function giveUp(passage: Passage): void {
  clearTimeout(passage.limit);
  passage.stopBody?.();
  passage.outgoing.destroy();
}

function fail(passage: Passage, error: Error): void {
  const { request, response, choice, log } = passage;
  // An early answer that is whole: it does not matter that the rest of the body was not read.
  if (response.destroyed || response.writableEnded || sendAgain(passage, error)) return;
  const own = ownAnswerFor(passage, error);
  giveUp(passage);
  log.trouble('a side did not answer', { slot: choice.slot, failure: passage.failure, why: messageOf(error) });
  // The head is sent already: only a broken connection shows the user that the rest is missing.
  if (response.headersSent) return void request.socket.resetAndDestroy();
  passage.status = own.status;
  answer(response, own, isWholeRead(request));
  lingerForBody(request, response);
}

function ownAnswerFor(passage: Passage, error: Error): OwnAnswer {
  const refused = foundNoConnection(error);
  passage.failure = error instanceof TooLate ? error.failure : refused ? 'connect' : 'cut';
  return passage.failure === 'timeout'
    ? { status: 504, sentence: 'The service did not answer in time.' }
    : { status: 502, sentence: 'The service did not answer.' };
}

/** The one place where an exchange ends, however it ended: answered, cut, or left by the user. */
function settle(passage: Passage): void {
  const { request, response, choice, counters, access, id, began } = passage;
  counters.closed(choice.slot);
  settled(passage.instance, passage.status);
  passage.leave?.();
  if (!response.writableFinished) giveUp(passage);
  if (choice.probe) return;
  const ms = passage.headMs ?? performance.now() - began;
  const { method, url: path = '' } = request;
  access.append({ id, slot: choice.slot, method, path, status: passage.status, ms });
  if (choice.route === 'preview') return;
  const { client, newKey } = choice;
  const { status, failure } = passage;
  const drawn = newKey !== undefined;
  counters.record(choice.slot, { status, ms, failure, drawn, client, request: { id, method, path } });
}
