// The HTTP side of the receiver: raw bodies, limits on size and time, nothing about deployments.

import type { Engine, Log } from '@bg/engine';
import { type FastifyInstance, fastify } from 'fastify';
import type { Hook } from './hooks/hook.ts';
import { createReceive, type ReceivingEngine } from './receive.ts';

export interface ServerOptions {
  readonly engine: ReceivingEngine & Pick<Engine, 'driverAlive'>;
  readonly hooks: readonly Hook[];
  readonly log: Log;
}

const maxBodyBytes = 1 << 20;
const headersMs = 5000;
const requestMs = 10_000;

export function createServer({ engine, hooks, log }: ServerOptions): FastifyInstance {
  const server = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: requestMs,
    http: { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval: 1000 },
  });
  const receive = createReceive(engine, log);
  takeBodiesAsTheyCome(server);
  answerFaultsPlainly(server, log);
  leaveNoConnectionOpen(server);
  server.get('/healthz', () => ({ status: 'ok', driverAlive: engine.driverAlive() }));
  for (const hook of hooks)
    server.post(`/hooks/${hook.name}`, async ({ headers, body }, reply) => {
      const answer = await receive(hook, { headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) });
      log.info({ hook: hook.name, status: answer.status, code: answer.body.code }, 'answered a delivery');
      return reply.code(answer.status).send(answer.body);
    });
  return server;
}

/** A signature is over bytes: whatever the content type says, nothing is parsed before it is proved. */
function takeBodiesAsTheyCome(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function answerFaultsPlainly(server: FastifyInstance, log: Log): void {
  server.setErrorHandler<Error & { readonly statusCode?: number; readonly code?: string }>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ url: request.url, err: error }, 'a request failed');
    return reply
      .code(status)
      .send({ code: error.code ?? 'fault', sentence: status >= 500 ? 'Try again later.' : error.message });
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ code: 'not-found', sentence: 'There is nothing here.' }),
  );
}

/** Closing waits for connections; what is answered while it does must not be kept alive for a next request. */
function leaveNoConnectionOpen(server: FastifyInstance): void {
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}
