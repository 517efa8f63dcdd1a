// The HTTP side: Slack's API, response URLs and uploads for the app; the control API and the page for people and tests.
import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Context } from './context.ts';
import { addControlRoutes } from './control.ts';
import type { Controls } from './controls.ts';
import { addPage } from './page.ts';
import { addSlackRoutes } from './slack-routes.ts';

const HOST = '127.0.0.1';
const BODY_LIMIT = 10 << 20;

export interface ServerOptions {
  readonly context: Context;
  readonly controls: Controls;
  readonly port: number;
}

export interface RunningServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startServer({ context, controls, port }: ServerOptions): Promise<RunningServer> {
  const server = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true, logger: false });
  await server.register(formbody, { bodyLimit: BODY_LIMIT });
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  guard(server);
  addSlackRoutes(server, context);
  addControlRoutes(server, { context, controls });
  await addPage(server);
  server.server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (isOurHost(request.headers.host) && request.headers.origin === undefined)
      context.sockets.upgrade(request, socket, head);
    else socket.destroy();
  });
  await server.listen({ port, host: HOST });
  const address = server.server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://${HOST}:${taken}`, close: () => server.close() };
}

/** A web page elsewhere must not reach the workspace: not by name (DNS rebinding), not across origins. */
function guard(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    const { host, origin } = request.headers;
    if (!isOurHost(host))
      return reply
        .code(403)
        .send({ error: 'forbidden', message: 'the simulator answers to 127.0.0.1 and localhost only' });
    if (origin !== undefined && origin !== `http://${host}`) {
      return reply.code(403).send({ error: 'forbidden', message: 'requests from other origins are refused' });
    }
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  });
}

function isOurHost(host: string | undefined): boolean {
  return /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host ?? '');
}
