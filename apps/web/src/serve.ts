// The server of the web page: limits, connections, and its end. What is answered is in handle.ts.

import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createGuests, type Engine, type Log, pause, sourceOf, systemClock, type WebSettings } from '@bg/engine';
import { createAccess, readToken } from './access.ts';
import { readAssets } from './assets.ts';
import { createHandler } from './handle.ts';
import { createHub, type HubLimits } from './live/hub.ts';
import { drawParts } from './live/parts.ts';

export interface ServedWeb {
  readonly host: string;
  readonly port: number;
  /** For the first visit of a person: signs in where there is a token. */
  readonly firstAddress: string;
  close(): Promise<void>;
}

interface ServeOptions {
  readonly engine: Engine;
  readonly settings: WebSettings;
  readonly log: Log;
  /** For tests. */
  readonly live?: Partial<HubLimits>;
}

/** Readers hold a few connections each; a proxy holds those of all. */
const mostConnections = 512;
const mostConnectionsPerSource = 256;
/** What is being answered when the server closes. */
const finishMs = 2_000;

/** @throws when the address cannot be listened on, or there is no token to ask for */
export async function serveWeb({ engine, settings, log, live = {} }: ServeOptions): Promise<ServedWeb> {
  const token = readToken(settings);
  const base = baseOf(settings);
  const hub = createHub({ engine, log, limits: live, draw: (keys) => drawParts(engine, base, keys) });
  const handle = createHandler({
    engine,
    hub,
    log,
    base,
    access: createAccess(settings, token),
    assets: readAssets(),
    countWrong: wrongCounter(engine, log),
  });
  const server = createServer(
    {
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 72_000,
      maxHeaderSize: 16 << 10,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void handle(request, response),
  );
  limitConnections(server);
  await listen(server, settings).catch(async (thrown: unknown) => {
    await hub.close();
    throw thrown;
  });
  const { port } = server.address() as AddressInfo;
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  log.info({ host: settings.host, port }, 'serves the web page');
  return {
    host: settings.host,
    port,
    firstAddress: `http://${host}:${port}${base}/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      await hub.close();
      server.closeIdleConnections();
      const done = new AbortController();
      void pause(systemClock, finishMs, done.signal).then((late) => late && server.closeAllConnections());
      await closed;
      done.abort();
    },
  };
}

const baseOf = ({ publicUrl }: WebSettings): string =>
  publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');

function listen(server: Server, { host, port }: WebSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function limitConnections(server: Server): void {
  const guests = createGuests(mostConnectionsPerSource);
  server.maxConnections = mostConnections;
  server.on('connection', (socket: Socket) => {
    const source = sourceOf(socket.remoteAddress);
    if (!guests.come(source)) return socket.destroy();
    return socket.once('close', () => guests.leave(source));
  });
}

/** Where nothing may throw: a locked state takes the count later. */
function wrongCounter(engine: Pick<Engine, 'countUnauthenticated'>, log: Log): (source: string) => void {
  return (source) => {
    try {
      engine.countUnauthenticated('web', { source, count: 1 });
    } catch (err) {
      log.warn({ err }, 'a wrong token could not be counted');
    }
  };
}
