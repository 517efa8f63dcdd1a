// Small JSON requests over a unix socket that only this user can open: the common part of the engine's two interfaces.

import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ProxyRefusal } from '@bg/engine';
import { type Log, messageOf } from './log.ts';
import { InvalidInput } from './parse.ts';

/** A refusal that the engine understands; any handler of a request may throw it. */
export class Refused extends Error {
  readonly why: ProxyRefusal['error'];

  constructor(why: ProxyRefusal['error'], message: string) {
    super(message);
    this.why = why;
  }
}

/** By method and path: `GET /routing`. What one returns is the answer. */
export type Handlers = Readonly<Record<string, (request: IncomingMessage, url: URL) => unknown>>;

const maxBodyBytes = 64 * 1024;

const httpStatus = {
  'stale-generation': 409,
  'fenced-out': 409,
  'port-in-use': 409,
  'not-persisted': 500,
  invalid: 400,
  'not-found': 404,
} as const satisfies Record<ProxyRefusal['error'], number>;

export function createJsonServer(handlers: Handlers, log: Log): Server {
  return createServer(
    { keepAliveTimeout: 1_000, requestTimeout: 10_000, headersTimeout: 10_000 },
    (request, response) => {
      respond(request, response, handlers).catch((thrown) => refuse(response, thrown, log));
    },
  );
}

/** The caller knows that a file found there was left by a dead process. */
export function listenOnSocket(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve());
  });
}

/** @throws InvalidInput for what is too long or no JSON. */
export async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > maxBodyBytes) throw new InvalidInput(`a control request may have ${maxBodyBytes} bytes at most`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInput(`the body is not valid JSON`, { cause });
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, handlers: Handlers) {
  const url = new URL(request.url ?? '/', 'http://proxy');
  const name = `${request.method} ${url.pathname}`;
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler === undefined) throw new Refused('not-found', `${name} is not offered`);
  send(response, 200, await handler(request, url));
}

function refuse(response: ServerResponse, thrown: unknown, log: Log): void {
  const why = thrown instanceof Refused ? thrown.why : 'invalid';
  if (!(thrown instanceof Refused || thrown instanceof InvalidInput))
    log.trouble('a control request failed', { why: messageOf(thrown) });
  send(response, httpStatus[why], { error: why, message: messageOf(thrown) } satisfies ProxyRefusal);
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(value));
}
