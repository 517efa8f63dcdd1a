// The service's answer as the user gets it: its head, what it announces before, and its trailers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { decorated } from './answer.ts';
import type { Passage } from './exchange.ts';
import { headerOf, responseHeaders } from './headers.ts';
import { servedBy } from './instance-choice.ts';

export function beginAnswer(passage: Passage, reply: IncomingMessage): void {
  const { request, response, choice, site, streams, began } = passage;
  const served = servedBy(passage.instance, passage);
  const headers = decorated(responseHeaders(reply.rawHeaders), choice, { spec: site.spec, served });
  if (passage.ending()) response.shouldKeepAlive = false;
  const status = reply.statusCode ?? 502;
  response.writeHead(status, printable(reply.statusMessage ?? ''), headers);
  passage.status = status;
  if (headerOf(headers, 'content-type')?.startsWith('text/event-stream')) {
    passage.headMs = performance.now() - began;
    passage.leave = streams.add(choice.slot, () => request.socket.destroy());
  }
  // The first part of the body usually comes with the head and leaves in the same packet; else the head is sent first.
  setImmediate(flushHead, response);
}

function flushHead(response: ServerResponse): void {
  if (!response.destroyed && !response.writableEnded) response.flushHeaders();
}

/** 103 is the only informational answer that is useful to the user, besides `100 Continue`. */
export function passInformation(
  { request, response }: Passage,
  { statusCode, rawHeaders }: { readonly statusCode: number; readonly rawHeaders: readonly string[] },
): void {
  if (statusCode !== 103 || request.httpVersion !== '1.1') return;
  const link = headerOf(responseHeaders(rawHeaders), 'link');
  try {
    if (link !== undefined) response.writeEarlyHints({ link });
  } catch {
    // Only a hint, and one that node:http finds malformed: the answer itself is what counts.
  }
}

export function passTrailers(response: ServerResponse, trailers: NodeJS.Dict<string>): void {
  const names = Object.keys(trailers);
  if (names.length === 0 || response.hasHeader('content-length')) return;
  const passed = names.filter((name) => !['content-length', 'transfer-encoding', 'set-cookie'].includes(name));
  response.addTrailers(Object.fromEntries(passed.map((name) => [name, String(trailers[name])])));
}

/** A reason phrase that HTTP cannot carry is left out: it means nothing to machines. */
const printable = (text: string): string => (/^[\t\x20-\x7e]*$/.test(text) ? text : '');
