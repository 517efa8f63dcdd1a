// A request's body on its way to the service: as fast as the service takes it, and cut off without harming the answer.

import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { isWholeRead } from './headers.ts';

/** The longest silence of a user who owes bytes, or who takes none of the answer. */
export const userIdleMs = 30_000;
/** The longest silence on a connection while the other end is at work. */
export const hourMs = 3_600_000;

const lingerMs = 5_000;

export interface BodyWatch {
  /** The service takes nothing more for now, or takes again. */
  blocked(isBlocked: boolean): void;
  ended(): void;
}

/** Returns what stops it. A silent user causes a `timeout` event of the request; the caller limits the service. */
export function sendBody(
  request: IncomingMessage,
  outgoing: ClientRequest,
  watch: BodyWatch,
  idleMs: number,
): () => void {
  const { socket } = request;
  const take = (): void => {
    socket.setTimeout(idleMs);
    watch.blocked(false);
    request.resume();
  };
  const pass = (chunk: Buffer): void => {
    if (outgoing.write(chunk)) return;
    request.pause();
    // The service must act now: the user is not to blame for the silence.
    socket.setTimeout(hourMs);
    watch.blocked(true);
  };
  const end = (): void => {
    socket.setTimeout(hourMs);
    watch.ended();
    outgoing.end();
  };
  socket.setTimeout(idleMs);
  request.on('data', pass).once('end', end);
  outgoing.on('drain', take);
  return () => {
    request.off('data', pass).off('end', end);
    outgoing.off('drain', take);
  };
}

/** As long as nothing of the body is taken, another instance can still get the request. */
export function onceConnected(outgoing: ClientRequest, begin: () => void): void {
  outgoing.once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', begin);
    else begin();
  });
}

/** After an answer that came before the body's end: the rest is read and dropped for a while, so that the answer arrives. */
export function lingerForBody(request: IncomingMessage, response: ServerResponse): void {
  if (isWholeRead(request)) return;
  request.resume();
  // Counted from the moment when the answer has left, however slowly its user reads.
  response.once('finish', () => {
    const timer = setTimeout(() => request.socket.destroy(), lingerMs);
    request.once('close', () => clearTimeout(timer));
  });
}
