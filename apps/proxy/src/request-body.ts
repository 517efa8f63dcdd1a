// A request's body for the service: pulled as fast as the service takes it, and cut off without harming the answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { isWholeRead } from './headers.ts';

const lingerMs = 5_000;

/**
 * A stream of its own, because undici destroys the body it was given when an answer comes early, and destroying the
 * request itself would take the user's connection, answer included. `onWanted` is called before the first byte is read.
 */
export function bodyOf(request: IncomingMessage, onWanted: () => void): Readable {
  let wanted = false;
  const push = (chunk: Buffer) => {
    if (!body.push(chunk)) request.pause();
  };
  const body = new Readable({
    read() {
      if (!wanted) onWanted();
      wanted = true;
      request.resume();
    },
    destroy(error, done) {
      request.off('data', push).resume();
      done(error);
    },
  });
  // Who listens to undici's end of it may be gone when it fails.
  body.on('error', () => {});
  request.pause();
  request.on('data', push);
  request.once('end', () => body.push(null));
  // A user who leaves in between is heard of through the answer's end.
  request.on('error', () => {});
  return body;
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
