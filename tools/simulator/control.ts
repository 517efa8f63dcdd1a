// The control API: the simulator's functions over HTTP, for tests in other processes and for the page.
// Every call carries the header `x-simulator-control`, which no foreign page can send without being asked first.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from './context.ts';
import type { Controls } from './controls.ts';
import { SimulatorError } from './errors.ts';
import { parseFault } from './faults.ts';
import { isRecord, type Json } from './json.ts';
import { pageState } from './page-state.ts';

export const CONTROL_HEADER = 'x-simulator-control';
const SSE_BEAT_MS = 15_000;

interface Parts {
  readonly context: Context;
  readonly controls: Controls;
}

interface ControlRoute {
  /** Fields that must be non-empty strings. */
  readonly needs: readonly string[];
  readonly run: (controls: Controls, input: Json) => unknown;
}

const POSTS: Readonly<Record<string, ControlRoute>> = {
  command: { needs: ['user', 'channel', 'command'], run: (controls, input) => controls.command(as(input)) },
  click: { needs: ['user', 'actionId'], run: (controls, input) => controls.click(as(input)) },
  select: { needs: ['user', 'actionId'], run: (controls, input) => controls.select(as(input)) },
  suggest: { needs: ['user', 'actionId'], run: (controls, input) => controls.suggest(as({ query: '', ...input })) },
  'submit-view': { needs: ['user', 'viewId'], run: (controls, input) => controls.submitView(as(input)) },
  'close-view': { needs: ['user', 'viewId'], run: (controls, input) => controls.closeView(as(input)) },
  'open-home': { needs: ['user'], run: (controls, input) => controls.openHome(String(input.user)) },
  say: { needs: ['user', 'channel', 'text'], run: (controls, input) => controls.say(as(input)) },
  'change-channel': { needs: ['channel'], run: (controls, input) => controls.changeChannel(as(input)) },
  'delete-message': { needs: ['channel', 'ts'], run: (controls, input) => controls.deleteMessage(as(input)) },
  fault: { needs: [], run: (controls, input) => controls.fault(parseFault(input)) },
  'clear-faults': { needs: [], run: (controls) => controls.clearFaults() },
  replay: { needs: ['deliveryId'], run: (controls, input) => controls.replay(String(input.deliveryId)) },
  'remove-from-group': { needs: ['user', 'group'], run: (controls, input) => controls.removeFromGroup(as(input)) },
  'add-to-group': { needs: ['user', 'group'], run: (controls, input) => controls.addToGroup(as(input)) },
  'app-url': { needs: ['appUrl'], run: (controls, input) => controls.setAppUrl(String(input.appUrl)) },
  'verify-url': { needs: [], run: (controls) => controls.verifyUrl() },
  advance: { needs: [], run: (controls, input) => controls.advance(positive(input.ms)) },
  'disconnect-sockets': { needs: ['reason'], run: (controls, input) => controls.disconnectSockets(as(input.reason)) },
};

const GETS: Readonly<Record<string, ControlRoute>> = {
  messages: { needs: ['user', 'channel'], run: (controls, input) => controls.messages(as(input)) },
  modals: { needs: ['user'], run: (controls, input) => controls.modals(String(input.user)) },
  home: { needs: ['user'], run: (controls, input) => controls.home(String(input.user)) ?? null },
  deliveries: { needs: [], run: (controls) => controls.deliveries() },
  'api-calls': { needs: [], run: (controls) => controls.apiCalls() },
  violations: { needs: [], run: (controls) => controls.violations() },
};

export function addControlRoutes(server: FastifyInstance, { context, controls }: Parts): void {
  server.post<{ Params: { verb: string } }>('/control/:verb', (request, reply) =>
    runRoute(reply, request, { routes: POSTS, verb: request.params.verb, controls, input: request.body ?? {} }),
  );
  server.get<{ Params: { verb: string } }>('/control/:verb', (request, reply) =>
    runRoute(reply, request, { routes: GETS, verb: request.params.verb, controls, input: request.query }),
  );
  server.get<{ Querystring: { user?: string } }>('/control/state', async (request, reply) => {
    const user = request.query.user ?? '';
    return runRoute(reply, request, {
      routes: { state: { needs: [], run: () => pageState(context, user) } },
      verb: 'state',
      controls,
      input: {},
    });
  });
  server.get('/control/stream', (request, reply) => stream(context, request, reply));
}

interface RouteCall {
  readonly routes: Readonly<Record<string, ControlRoute>>;
  readonly verb: string;
  readonly controls: Controls;
  readonly input: unknown;
}

async function runRoute(
  reply: FastifyReply,
  request: FastifyRequest,
  { routes, verb, controls, input }: RouteCall,
): Promise<FastifyReply> {
  if (request.headers[CONTROL_HEADER] === undefined) {
    return reply.code(403).send({ error: 'forbidden', message: `control calls carry the header ${CONTROL_HEADER}: 1` });
  }
  const route = Object.hasOwn(routes, verb) ? routes[verb] : undefined;
  if (route === undefined)
    return reply.code(404).send({ error: 'not-found', message: `there is no control "${verb}"` });
  const body = isRecord(input) ? input : {};
  const missing = route.needs.find((key) => typeof body[key] !== 'string' || body[key] === '');
  if (missing !== undefined)
    return reply.code(400).send({ error: 'bad-request', message: `${verb} needs "${missing}"` });
  try {
    const result = await route.run(controls, body);
    return await reply
      .code(200)
      .type('application/json')
      .send(JSON.stringify(result ?? null));
  } catch (error) {
    if (!(error instanceof SimulatorError)) throw error;
    const status = error.code === 'bad-request' || error.code === 'invalid-options' ? 400 : 404;
    return await reply.code(status).send({ error: error.code, message: error.message });
  }
}

/** Server-sent events: one line per change, naming its topic. EventSource sends no headers, so the browser's own word must do. */
function stream(context: Context, request: FastifyRequest, reply: FastifyReply): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    reply.code(403).send({ error: 'forbidden', message: 'the stream is for the simulator page' });
    return;
  }
  const { events } = context.workspace;
  reply.hijack();
  reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  reply.raw.write(': the simulator is here\n\n');
  const send = (topic: string): void => {
    reply.raw.write(`data: ${topic}\n\n`);
  };
  const beat = setInterval(() => reply.raw.write(': still here\n\n'), SSE_BEAT_MS);
  events.on('changed', send);
  reply.raw.on('close', () => {
    clearInterval(beat);
    events.off('changed', send);
  });
}

/** The one place where a checked body becomes an input: the functions behind it check what they look up. */
function as<T>(input: unknown): T {
  return input as T;
}

function positive(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= 86_400_000) return value;
  throw new SimulatorError('bad-request', 'advance needs "ms", 0 to 86400000');
}
