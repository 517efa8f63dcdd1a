// The server of `/metrics`: one path, one method, on loopback unless the operator says otherwise.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Engine } from '../api/engine.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { MetricsAddress } from './address.ts';

interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

interface ServeOptions {
  readonly engine: Pick<Engine, 'metrics'>;
  readonly address: MetricsAddress;
  readonly log: Log;
}

/** Scrapers hold one connection each. */
const mostConnections = 32;

/** @throws when the address cannot be listened on */
export async function serveMetrics({ engine, address, log }: ServeOptions): Promise<MetricsServer> {
  const server = createServer(
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 72_000, maxHeaderSize: 16 << 10 },
    (request, response) => void answer(engine, request, response, log),
  );
  server.maxConnections = mostConnections;
  await listen(server, address);
  const { port } = server.address() as AddressInfo;
  log.info({ host: address.host, port }, 'serves /metrics');
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const listen = (server: Server, { host, port }: MetricsAddress): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });

async function answer(
  { metrics }: Pick<Engine, 'metrics'>,
  { method, url }: IncomingMessage,
  response: ServerResponse,
  log: Log,
): Promise<void> {
  if (url?.split('?')[0] !== '/metrics') return end(response, 404, 'Only /metrics is served here.\n');
  if (method !== 'GET' && method !== 'HEAD') return end(response, 405, 'Use GET.\n', { allow: 'GET, HEAD' });
  try {
    const { contentType, text } = await metrics.read();
    end(response, 200, method === 'HEAD' ? '' : text, { 'content-type': contentType });
  } catch (thrown) {
    log.warn({ problem: messageOf(thrown) }, 'the metrics could not be read');
    end(response, 503, 'The metrics cannot be read now. See the log of this process.\n');
  }
}

function end(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = { 'content-type': 'text/plain; charset=utf-8' },
): void {
  response.writeHead(status, headers).end(text);
}
