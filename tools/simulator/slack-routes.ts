// What the app calls: the Web API, response URLs, and the address for a file's bytes.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from './context.ts';
import type { ApiFault } from './faults.ts';
import { isRecord, type Json, parseJson, text } from './json.ts';
import { hasScope } from './store.ts';
import { firstPart } from './upload.ts';
import { argumentsOf, callApi, withoutToken } from './web-api/call.ts';
import { receiveUpload } from './web-api/files.ts';

const MOST_DELAY_MS = 120_000;

export function addSlackRoutes(server: FastifyInstance, context: Context): void {
  server.setErrorHandler((error: { statusCode?: number; message: string }, request, reply) => {
    if (request.url.startsWith('/api/')) return reply.code(200).send({ ok: false, error: 'invalid_json' });
    return reply.code(error.statusCode ?? 500).send({ error: 'bad-request', message: error.message });
  });
  server.route<{ Params: { method: string } }>({
    method: ['GET', 'POST'],
    url: '/api/:method',
    handler: (request, reply) => {
      const body = request.method === 'GET' ? request.query : request.body;
      const { method } = request.params;
      return faulty(context, { method, args: argumentsOf(body), reply }, () => {
        const answer = callApi(context, { method, body, authorization: request.headers.authorization });
        return { status: 200, body: answer };
      });
    },
  });
  server.post<{ Params: { kind: string; secret: string } }>('/response/:kind/:team/:secret', (request, reply) => {
    const args = responseBody(request);
    return faulty(context, { method: 'response_url', args, reply }, () =>
      context.responseUrls.post(request.params.secret, args),
    );
  });
  server.post<{ Params: { id: string; secret: string } }>('/upload/v1/:id/:secret', async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.from(String(request.body ?? ''));
    const status = receiveUpload(
      context.workspace,
      request.params,
      firstPart(body, request.headers['content-type'] ?? ''),
    );
    return reply
      .code(status)
      .type('text/plain')
      .send(status === 200 ? `OK - ${body.length}` : 'not accepted');
  });
  server.get<{ Params: { id: string; secret: string } }>('/files/:id/:secret', async (request, reply) => {
    const file = context.workspace.files.get(request.params.id);
    if (file?.bytes === undefined || file.secret !== request.params.secret) return reply.code(404).send('no such file');
    const isPicture = file.mimetype.startsWith('image/');
    if (!isPicture)
      reply.header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`);
    return reply.type(isPicture ? file.mimetype : 'application/octet-stream').send(file.bytes);
  });
}

interface Call {
  readonly method: string;
  readonly args: Json;
  readonly reply: FastifyReply;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Runs a call through the faults that wait for it, and writes down the answer to the app. */
async function faulty(context: Context, { method, args, reply }: Call, run: () => Answer): Promise<FastifyReply> {
  const startedAt = performance.now();
  const at = new Date().toISOString();
  const fault = context.faults.forCall(method, args.channel) ?? limitedBy(context, method, args.channel);
  if (fault?.delayMs !== undefined) await sleep(Math.min(fault.delayMs, MOST_DELAY_MS));
  const answer = fault === undefined || fault.drop === 'after' ? run() : (brokenAnswer(fault) ?? run());
  const isLost = fault?.drop !== undefined;
  const ok = answer.body === 'ok' || (isRecord(answer.body) && answer.body.ok === true);
  const error = isRecord(answer.body) ? text(answer.body.error) : undefined;
  const ms = Math.round((performance.now() - startedAt) * 10) / 10;
  context.journal.apiCall({
    at,
    method,
    args: withoutToken(args),
    status: isLost ? null : answer.status,
    ok,
    ...(error !== undefined && { error }),
    ms,
  });
  if (isLost) {
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
  if (fault?.retryAfter !== undefined) reply.header('retry-after', String(fault.retryAfter));
  if (hasScope(context.workspace, 'chat:write'))
    reply.header('x-oauth-scopes', context.workspace.manifest.oauth_config?.scopes?.bot?.join(',') ?? '');
  return reply.code(answer.status).send(answer.body);
}

/** Slack's own limits strike as a fault would. */
function limitedBy(context: Context, method: string, channel: unknown): ApiFault | undefined {
  const retryAfter = context.rateLimits?.exceeded(method, channel);
  return retryAfter === undefined ? undefined : { method, status: 429, retryAfter };
}

/** What the app hears instead of an answer; nothing when the fault is only a delay. */
function brokenAnswer(fault: ApiFault): Answer | undefined {
  if (fault.drop === 'before') return { status: 0, body: { ok: false, error: 'dropped_before' } };
  if (fault.status === undefined && fault.error === undefined) return undefined;
  const error = fault.error ?? (fault.status === 429 ? 'ratelimited' : 'internal_error');
  return { status: fault.status ?? 200, body: { ok: false, error } };
}

function responseBody(request: FastifyRequest): Json {
  const { body } = request;
  const raw = Buffer.isBuffer(body) ? parseJson(body.toString('utf8')) : body;
  if (!isRecord(raw)) return {};
  const payload = text(raw.payload);
  const parsed = payload === undefined ? raw : parseJson(payload);
  return isRecord(parsed) ? parsed : {};
}
