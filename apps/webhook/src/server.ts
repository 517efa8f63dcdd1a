// The HTTP side of the receiver: raw bodies, answers that reveal nothing to unauthenticated senders. No deployments.

import { createTrust, type Engine, type Log, sourceOf } from '@bg/engine';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Hook } from './hooks/hook.ts';
import { bodyLimitOf, limitConnections, limits, limitWhatIsRead } from './http-limits.ts';
import { createReceive, type ReceivingEngine } from './receive.ts';
import { answerBrokenRequests, answerExpectations, type Reject, refusals } from './refusals.ts';
import type { Unauthenticated } from './unauthenticated.ts';

export interface ServerOptions {
  readonly engine: ReceivingEngine & Pick<Engine, 'controllerAlive'>;
  readonly hooks: readonly Hook[];
  readonly unauthenticated: Unauthenticated;
  /** The proxies whose X-Forwarded-For is trusted. */
  readonly trustedProxies: readonly string[];
  readonly log: Log;
}

export function createServer({ engine, hooks, unauthenticated, trustedProxies, log }: ServerOptions): FastifyInstance {
  const isTrusted = createTrust(trustedProxies);
  const reject = createReject(unauthenticated);
  const server = fastify({
    ...limits,
    trustProxy: (address) => isTrusted(address),
    clientErrorHandler: answerBrokenRequests(unauthenticated),
    frameworkErrors: (_error, request, reply) => reject(request, reply, refusals.unreadable),
  });
  server.server.on('checkExpectation', answerExpectations(unauthenticated));
  takeBodiesAsTheyCome(server);
  answerFaultsPlainly(server, log, reject);
  leaveNoConnectionOpen(server);
  limitConnections(server, isTrusted);
  limitWhatIsRead(server, unauthenticated, reject);
  server.get('/healthz', () => ({ status: 'ok', controllerAlive: engine.controllerAlive() }));
  const receive = createReceive(engine, log);
  for (const hook of hooks)
    server.post(`/hooks/${hook.name}`, { bodyLimit: bodyLimitOf(hook.name) }, async (request, reply) => {
      const { headers, body } = request;
      const received = await receive(hook, { headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) });
      if (!received.proved) return reject(request, reply, { ...refusals.unsigned, problem: received.problem });
      const { answer, retrySeconds } = received;
      log.info({ hook: hook.name, status: answer.status, code: answer.body.code }, 'answered a delivery');
      if (retrySeconds !== undefined) reply.header('retry-after', retrySeconds);
      return reply.code(answer.status).send(answer.body);
    });
  return server;
}

/** Counts the request, and answers only that it was refused, or that the sender has to wait. */
function createReject(unauthenticated: Unauthenticated): Reject {
  return (request, reply, { status, body, problem }) => {
    const waitSeconds = unauthenticated.refuse(sourceOf(request.ip), problem);
    if (waitSeconds === 0) return reply.code(status).send(body);
    const { tooMany } = refusals;
    return reply.header('retry-after', waitSeconds).code(tooMany.status).send(tooMany.body);
  };
}

/** A signature is over bytes: whatever the content type says, nothing is parsed before it is proved. */
function takeBodiesAsTheyCome(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

function answerFaultsPlainly(server: FastifyInstance, log: Log, reject: Reject): void {
  server.setErrorHandler<Error & { readonly statusCode?: number }>((error, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode === 413) return reject(request, reply, refusals.tooLarge);
    if (statusCode < 500) return reject(request, reply, refusals.unreadable);
    log.error({ url: request.url, err: error }, 'a request failed');
    return reply.code(statusCode).send({ code: 'fault', sentence: 'Try again later.' });
  });
  server.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) =>
    reject(request, reply, refusals.notFound),
  );
}

/** Closing waits for connections; an answer sent meanwhile must not leave its connection open for another request. */
function leaveNoConnectionOpen(server: FastifyInstance): void {
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}
