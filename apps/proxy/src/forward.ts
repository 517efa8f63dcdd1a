// One request to one side and its answer back: streamed both ways, never repeated, and never whole when it was cut.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Counters, Ending } from '@bg/engine/counting';
import type { Dispatcher } from 'undici';
import type { AccessLog } from './access-log.ts';
import { answer, decorated, type OwnAnswer } from './answer.ts';
import type { Choice } from './choose-side.ts';
import { hasBody, headerOf, isWholeRead, pathOf, requestHeaders, requestIdIn, responseHeaders } from './headers.ts';
import { codeOf, type Log, messageOf } from './log.ts';
import { bodyOf, lingerForBody } from './request-body.ts';
import type { Site } from './site.ts';
import type { Streams } from './streams.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly choice: Choice & { kind: 'side' };
  readonly site: Site;
  readonly counters: Counters;
  readonly access: AccessLog;
  readonly streams: Streams;
  readonly log: Log;
  /** `performance.now()` at the request's head. */
  readonly began: number;
  /** Whether the user waits for `100 Continue` before sending the body. */
  readonly expectsContinue: boolean;
  /** True once the proxy is ending: a connection is then not kept for another request. */
  readonly ending: () => boolean;
}

/** An exchange under way. */
interface Passage extends Exchange {
  readonly id: string;
  readonly body: Readable | null;
  controller: Dispatcher.DispatchController | undefined;
  status: number | undefined;
  /** Set where an answer has no natural end, with what to call when it ended after all. */
  headMs: number | undefined;
  leave: (() => void) | undefined;
  failure: Ending['failure'];
}

/** @throws InvalidInput before anything was sent anywhere. */
export function forward(exchange: Exchange): void {
  const { request, response, choice, site, counters } = exchange;
  const path = pathOf(request.url ?? '');
  const headers = requestHeaders(request, site.secretNames);

  const onWanted = exchange.expectsContinue ? () => response.writeContinue() : () => {};
  const body = hasBody(request) ? bodyOf(request, onWanted) : null;
  const passage: Passage = {
    ...exchange,
    id: requestIdIn(headers),
    body,
    controller: undefined,
    status: undefined,
    headMs: undefined,
    leave: undefined,
    failure: undefined,
  };
  counters.opened(choice.slot);
  response.once('close', () => settle(passage));
  const method = (request.method ?? 'GET') as Dispatcher.HttpMethod;
  site.pools[choice.slot].dispatch({ path, method, headers, body }, handlerOf(passage));
}

function handlerOf(passage: Passage): Dispatcher.DispatchHandler {
  const { response } = passage;
  return {
    onRequestStart(controller) {
      passage.controller = controller;
      if (response.destroyed) controller.abort(new Error('the user went away'));
    },
    onResponseStart(controller, status, _parsed, text) {
      const raw = (controller.rawHeaders ?? []) as readonly (Buffer | string)[];
      if (status < 200) passEarlyHints(passage, status, raw);
      else begin(passage, status, text ?? '', raw);
    },
    onResponseData(controller, chunk) {
      if (response.write(chunk)) return;
      controller.pause();
      response.once('drain', () => controller.resume());
    },
    onResponseEnd(_controller, trailers) {
      passTrailers(response, trailers);
      response.end();
      lingerForBody(passage.request, response);
    },
    onResponseError(_controller, error) {
      fail(passage, error);
    },
  };
}

function begin(passage: Passage, status: number, text: string, raw: readonly (Buffer | string)[]): void {
  const { request, response, choice, site, streams, began } = passage;
  const headers = decorated(responseHeaders(raw), choice, site.spec);
  if (passage.ending()) response.shouldKeepAlive = false;
  response.writeHead(status, printable(text), headers);
  passage.status = status;
  if (headerOf(headers, 'content-type')?.startsWith('text/event-stream')) {
    passage.headMs = performance.now() - began;
    passage.leave = streams.add(choice.slot, () => request.socket.destroy());
  }
  // The first of the body usually comes with the head, and leaves in one packet with it; if it does not, the head goes.
  process.nextTick(() => {
    if (!response.destroyed) response.flushHeaders();
  });
}

/** 103 is the only informational answer that says something to the user; `100 Continue` is given by node:http itself. */
function passEarlyHints({ request, response }: Passage, status: number, raw: readonly (Buffer | string)[]): void {
  if (status !== 103 || request.httpVersion !== '1.1') return;
  const link = headerOf(responseHeaders(raw), 'link');
  try {
    if (link !== undefined) response.writeEarlyHints({ link });
  } catch {
    // Only a hint, and one that node:http finds malformed: the answer itself is what counts.
  }
}

function passTrailers(
  response: ServerResponse,
  trailers: Readonly<Record<string, string | string[] | undefined>>,
): void {
  const names = Object.keys(trailers);
  if (names.length === 0 || response.hasHeader('content-length')) return;
  const passed = names.filter((name) => !['content-length', 'transfer-encoding', 'set-cookie'].includes(name));
  response.addTrailers(Object.fromEntries(passed.map((name) => [name, String(trailers[name])])));
}

function fail(passage: Passage, error: Error): void {
  const { request, response, body, choice, log } = passage;
  body?.destroy();
  if (response.destroyed) return;
  const own = ownAnswerFor(passage, error);
  if (own.status !== 400)
    log.trouble('a side did not answer', { slot: choice.slot, failure: passage.failure, why: messageOf(error) });
  // A head is out already: only a broken connection tells the user that the rest is missing.
  if (response.headersSent) return void request.socket.resetAndDestroy();
  passage.status = own.status;
  answer(response, own, isWholeRead(request));
  lingerForBody(request, response);
}

function ownAnswerFor(passage: Passage, error: Error): OwnAnswer {
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED')
    return { status: 400, sentence: 'The request cannot be passed on.' };
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    passage.failure = 'timeout';
    return { status: 504, sentence: 'The service did not answer in time.' };
  }
  passage.failure = passage.controller === undefined ? 'connect' : 'cut';
  return { status: 502, sentence: 'The service did not answer.' };
}

/** The one place where an exchange ends, however it ended: answered, cut, or left by the user. */
function settle(passage: Passage): void {
  const { request, response, choice, counters, access, id, began } = passage;
  counters.closed(choice.slot);
  passage.leave?.();
  if (!response.writableFinished) passage.controller?.abort(new Error('the user went away'));
  if (choice.probe) return;
  const ms = passage.headMs ?? performance.now() - began;
  const { method, url: path = '' } = request;
  access.append({ id, slot: choice.slot, method, path, status: passage.status, ms });
  if (choice.route === 'preview') return;
  counters.record(choice.slot, { status: passage.status, ms, failure: passage.failure });
}

/** A reason phrase that HTTP cannot carry is left out: it means nothing to machines. */
const printable = (text: string): string => (/^[\t\x20-\x7e]*$/.test(text) ? text : '');
