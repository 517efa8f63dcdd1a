// Answers to unauthenticated requests: constant texts, which do not say why, nor what the receiver serves.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { sourceOf } from '@bg/engine';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Unauthenticated } from './unauthenticated.ts';

export interface RefusedRequest {
  readonly status: 400 | 401 | 404 | 408 | 413 | 417 | 429 | 431;
  readonly body: { readonly code: string; readonly sentence: string };
  /** For our own log. */
  readonly problem: string;
}

export type Reject = (request: FastifyRequest, reply: FastifyReply, refused: RefusedRequest) => FastifyReply;

export const refusals = {
  unreadable: refused(400, 'bad-request', 'This is no request that can be read.'),
  unsigned: refused(401, 'unsigned', 'This delivery is not proved.'),
  notFound: refused(404, 'not-found', 'There is nothing here.'),
  tooSlow: refused(408, 'too-slow', 'This request did not come to its end in time.'),
  tooLarge: refused(413, 'too-large', 'A delivery has at most 1 MiB, one of GitHub or GitLab at most 32 MiB.'),
  noMiracles: refused(417, 'expectation-failed', 'Nothing but 100-continue can be expected.'),
  tooMany: refused(429, 'too-many', 'Too many requests that prove nothing came from there; wait.'),
  tooManyHeaders: refused(431, 'headers-too-large', 'There are too many headers, or too long ones.'),
} as const;

function refused(status: RefusedRequest['status'], code: string, sentence: string): RefusedRequest {
  return { status, body: { code, sentence }, problem: code };
}

interface BrokenRequest extends Error {
  readonly code?: string;
}

/** For a request that is no HTTP, or was too slow, there is no reply object: the answer is written to the socket. */
export function answerBrokenRequests(unauthenticated: Unauthenticated): (error: BrokenRequest, socket: Socket) => void {
  return ({ code = '' }, socket) => {
    // A peer that went away did nothing wrong.
    if (code === 'ECONNRESET' || code === 'EPIPE' || socket.destroyed) {
      socket.destroy();
      return;
    }
    const { status, body, problem } = refusalOf(code);
    unauthenticated.refuse(sourceOf(socket.remoteAddress), problem);
    const text = JSON.stringify(body);
    if (!socket.writable) socket.destroy();
    else
      socket.end(
        `HTTP/1.1 ${status} ${body.code}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`,
        () => socket.destroy(),
      );
  };
}

/** Node answers these itself, before any handler; they have to be counted, too. */
export function answerExpectations(
  unauthenticated: Unauthenticated,
): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ socket }, response) => {
    const { status, body, problem } = refusals.noMiracles;
    unauthenticated.refuse(sourceOf(socket.remoteAddress), problem);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' });
    response.end(JSON.stringify(body));
  };
}

function refusalOf(code: string): RefusedRequest {
  if (code === 'HPE_HEADER_OVERFLOW') return refusals.tooManyHeaders;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusals.tooSlow;
  return refusals.unreadable;
}
