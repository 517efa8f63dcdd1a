// One request: what it is, who it is from, what it gets. Everything is read; the only POST gives a reader the cookie.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Engine, type Log, messageOf, sourceOf } from '@bg/engine';
import type { Access, Entry } from './access.ts';
import { type Answer, guarding, json, page, redirect, send } from './answer.ts';
import type { Assets } from './assets.ts';
import type { Hub } from './live/hub.ts';
import { problemPage, signInPage } from './pages/plain.ts';
import { createRoutes } from './routes.ts';

export interface HandlerOptions {
  readonly engine: Engine;
  readonly hub: Hub;
  readonly log: Log;
  readonly base: string;
  readonly access: Access;
  readonly assets: Assets;
  /** A wrong token came from there. */
  readonly countWrong: (source: string) => void;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the base. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly source: string;
}

export function createHandler(
  options: HandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { log, base, assets } = options;
  const site = { base, assets: assets.version };
  return async (request, response) => {
    try {
      const url = parse(request.url, base);
      if (url === undefined)
        return await send(request, response, page(problemPage(site, 'Not found', 'This address cannot be read.'), 400));
      const asked = { request, response, ...url, source: sourceOf(request.socket.remoteAddress) };
      const answer = await answerTo(options, asked);
      if (answer !== undefined) await send(request, response, answer);
    } catch (thrown) {
      log.warn({ problem: messageOf(thrown) }, 'a request of the web page failed');
      if (response.headersSent) response.destroy();
      else
        await send(
          request,
          response,
          page(problemPage(site, 'This page cannot be shown now', 'See the log of this process.'), 503),
        ).catch(() => response.destroy());
    }
  };
}

function parse(given: string | undefined, base: string): Pick<Asked, 'path' | 'query'> | undefined {
  if (given === undefined || !given.startsWith('/')) return undefined;
  const url = URL.parse(`http://page${given}`);
  if (url === null) return undefined;
  const { pathname, searchParams: query } = url;
  const isBelow = base !== '' && (pathname === base || pathname.startsWith(`${base}/`));
  return { path: (isBelow ? pathname.slice(base.length) : pathname) || '/', query };
}

/** Undefined where the answer goes on: a stream of events. */
async function answerTo(options: HandlerOptions, asked: Asked): Promise<Answer | undefined> {
  const { access, base, assets } = options;
  const { request, path, query, source } = asked;
  if (path === '/healthz') return json({ status: 'ok' });
  if (path === '/sign-in' && request.method === 'POST') return signIn(options, asked);
  if (request.method !== 'GET' && request.method !== 'HEAD') return wrongMethod();
  if (path.startsWith('/assets/')) return asset(assets, path);
  const token = query.get('token');
  const entry = token === null ? access.enter(request, source) : access.present(token, source);
  if (entry.kind !== 'reader') return refused(options, asked, entry);
  if (token !== null) {
    query.delete('token');
    return redirect(`${base}${inHere(path)}${query.size === 0 ? '' : `?${query}`}`, { 'set-cookie': access.cookie });
  }
  const site = { base, assets: assets.version, reader: entry.name };
  if (path === '/api/events') return follow(options, asked);
  return (await createRoutes(options.engine, site)(path, query)) ?? notFound(path, site);
}

const wrongMethod = (): Answer => ({
  ...json({ error: { code: 'method', message: 'This page changes nothing: use GET.' } }, 405),
  // A body that is not read must not be taken for the next request.
  headers: { allow: 'GET, HEAD', connection: 'close' },
});

const isForPrograms = (path: string): boolean => path.startsWith('/api/');

function notFound(path: string, site: { readonly base: string; readonly assets: string }): Answer {
  if (isForPrograms(path)) return json({ error: { code: 'not-found', message: 'There is nothing here.' } }, 404);
  return page(problemPage(site, 'Not found', 'There is nothing at this address.'), 404);
}

function refused(
  { access, base, assets, countWrong }: HandlerOptions,
  { path, query, source }: Asked,
  entry: Exclude<Entry, { kind: 'reader' }>,
): Answer {
  const site = { base, assets: assets.version };
  if (entry.kind === 'too-many') return tooMany(path, site, entry.waitSeconds);
  if (entry.isWrong) countWrong(source);
  if (isForPrograms(path))
    return {
      ...json({ error: { code: 'unauthenticated', message: 'Send the token: Authorization: Bearer <token>' } }, 401),
      headers: { 'www-authenticate': 'Bearer' },
    };
  query.delete('token');
  const to = `${path}${query.size === 0 ? '' : `?${query}`}`;
  return page(signInPage({ site, takesToken: access.takesToken, isWrong: entry.isWrong, path: to }), 401);
}

function tooMany(path: string, site: { readonly base: string; readonly assets: string }, seconds: number): Answer {
  const sentence = `Too many wrong tokens came from there: wait ${seconds} s.`;
  const answer = isForPrograms(path)
    ? json({ error: { code: 'too-many', message: sentence } }, 429)
    : page(problemPage(site, 'Wait', sentence), 429);
  return { ...answer, headers: { 'retry-after': String(seconds) } };
}

const mostFormBytes = 4_096;

async function signIn(options: HandlerOptions, asked: Asked): Promise<Answer> {
  const { access, base, assets, countWrong } = options;
  const site = { base, assets: assets.version };
  const text = await readForm(asked.request);
  if (text === undefined)
    return {
      ...page(problemPage(site, 'Too large', 'A token has at most 1000 characters.'), 413),
      headers: { connection: 'close' },
    };
  const form = new URLSearchParams(text);
  const path = inHere(form.get('to') ?? '/');
  const entry = access.present(form.get('token') ?? '', asked.source);
  if (entry.kind === 'reader') return redirect(`${base}${path}`, { 'set-cookie': access.cookie });
  if (entry.kind === 'too-many') return tooMany(path, site, entry.waitSeconds);
  countWrong(asked.source);
  return page(signInPage({ site, takesToken: access.takesToken, isWrong: true, path }), 401);
}

/** An address of this server, whatever a link says. */
const inHere = (path: string): string => (/^\/(?![/\\])[^\p{Cc}]*$/u.test(path) ? path : '/');

async function readForm(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostFormBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function asset({ files, version }: Assets, path: string): Answer {
  const [, , of, name = ''] = path.split('/');
  const found = of === version ? files.get(name) : undefined;
  if (found === undefined) return json({ error: { code: 'not-found', message: 'There is no such file.' } }, 404);
  return {
    status: 200,
    type: found.type,
    body: found.bytes,
    gzipped: found.gzipped,
    headers: { 'cache-control': 'public, max-age=31536000, immutable' },
  };
}

const longestKey = 200;

function follow({ hub }: HandlerOptions, { request, response, query }: Asked): Answer | undefined {
  if (request.method === 'HEAD') return { status: 200, type: 'text/event-stream', body: '' };
  const keys = query.getAll('watch').filter((key) => key.length <= longestKey);
  response.writeHead(200, { ...guarding, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  // A client may leave while its first bytes are written.
  const lastId = request.headers['last-event-id'];
  const leave = hub.join(response, keys, typeof lastId === 'string' ? lastId.slice(0, 100) : undefined);
  if (leave === undefined) response.end('event: full\ndata: {}\n\n');
  else {
    response.once('close', leave);
    response.once('error', leave);
  }
  return undefined;
}
