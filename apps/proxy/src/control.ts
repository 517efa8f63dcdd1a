// The engine's way in: small JSON requests over a unix socket that only this user can open.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ProxyConnections, ProxyRefusal, ProxyStatus, RoutingOrder, Traffic } from '@bg/engine';
import { type Log, messageOf } from './log.ts';
import { InvalidInput, parseOrder } from './parse.ts';

/** What the engine may ask. A refusal is thrown as `Refused`. */
export interface Commands {
  status(): ProxyStatus;
  changeRouting(order: RoutingOrder): Promise<void>;
  /** Reads the spec file again and follows it. */
  reload(): Promise<void>;
  traffic(sinceMs: number): Traffic;
  connections(): ProxyConnections;
  shutdown(): void;
}

export class Refused extends Error {
  readonly why: ProxyRefusal['error'];

  constructor(why: ProxyRefusal['error'], message: string) {
    super(message);
    this.why = why;
  }
}

type Handler = (request: IncomingMessage, url: URL) => unknown;

const maxBodyBytes = 64 * 1024;

const httpStatus = {
  'stale-generation': 409,
  'fenced-out': 409,
  'port-in-use': 409,
  'not-persisted': 500,
  invalid: 400,
  'not-found': 404,
} as const satisfies Record<ProxyRefusal['error'], number>;

export function createControl(commands: Commands, log: Log): Server {
  const handlers: Readonly<Record<string, Handler>> = {
    'GET /routing': () => commands.status(),
    'PUT /routing': async (request) => {
      await commands.changeRouting(parseOrder(await bodyOf(request)));
      return commands.status();
    },
    'PUT /spec': async () => {
      await commands.reload();
      return commands.status();
    },
    'GET /traffic': (_request, url) => commands.traffic(sinceOf(url)),
    'GET /connections': () => commands.connections(),
    'POST /shutdown': () => {
      commands.shutdown();
      return {};
    },
  };
  return createServer(
    { keepAliveTimeout: 1_000, requestTimeout: 10_000, headersTimeout: 10_000 },
    (request, response) => {
      respond(request, response, handlers).catch((thrown) => refuse(response, thrown, log));
    },
  );
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handlers: Readonly<Record<string, Handler>>,
) {
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

async function bodyOf(request: IncomingMessage): Promise<unknown> {
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

function sinceOf(url: URL): number {
  const since = Number(url.searchParams.get('since') ?? Number.NaN);
  if (!Number.isFinite(since)) throw new InvalidInput('since must be a time in ms since the epoch');
  return since;
}
