// What may cross the proxy and what may not: headers of one connection stay on that connection, secrets stay here.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ProxySpec } from '@bg/engine';
import {
  endToEndHeaders,
  forwardedHeaders,
  hasSeveral,
  headerAsServicesReadIt,
  hopByHopHeaders,
  instanceHeader,
  withoutPreviewToken,
} from '@bg/engine/counting';
import { withoutCookie } from './cookies.ts';
import { InvalidInput } from './parse.ts';
import { peerOf, sourceOf, type Trust } from './source.ts';

/** Names and values in turn, as node:http takes them. */
export type FlatHeaders = string[];

const hopByHop = new Set(hopByHopHeaders);
const endToEnd = new Set(endToEndHeaders);
/**
 * The proxy sets these itself. It passes `expect` on where a user waits for its answer, see forward.ts. It passes
 * trailers on without announcing them: node:http refuses the announcement on some answers.
 */
const setHere = new Set(['trailer', 'expect', 'content-length', 'x-request-id', ...forwardedHeaders]);
const safeRequestId = /^[A-Za-z0-9._-]{1,128}$/;

/** What carries our own secrets, in lower case: the service never sees it, whether the secret was right or wrong. */
export interface SecretNames {
  readonly headers: ReadonlySet<string>;
  readonly preview: ProxySpec['preview'];
}

export function secretNamesOf({ preview, probe, upstreams }: ProxySpec): SecretNames {
  const ofInstances = hasSeveral(upstreams) ? [instanceHeader] : [];
  const names = [
    probe.header,
    probe.bucketHeader,
    ...ofInstances,
    ...(preview ? [headerAsServicesReadIt(preview.header)] : []),
  ];
  return { headers: new Set(names), preview };
}

interface PassingRules {
  readonly secretNames: SecretNames;
  readonly isTrusted: Trust;
}

/** @throws InvalidInput for a request that must not be passed on. */
export function requestHeaders(request: IncomingMessage, rules: PassingRules): FlatHeaders {
  const { secretNames: secret } = rules;
  const named = namedByConnection(request.headers.connection);
  const kept: FlatHeaders = [];
  let hosts = 0;
  eachHeader(request.rawHeaders, (name, value) => {
    const lower = name.toLowerCase();
    if (lower === 'host' && ++hosts > 1) throw new InvalidInput('more than one Host header');
    const read = headerAsServicesReadIt(lower);
    if (hopByHop.has(read) || setHere.has(read) || secret.headers.has(read) || named?.has(lower)) return;
    const shown = shownValue(lower, value, secret);
    if (shown !== undefined) kept.push(name, shown);
  });
  return kept.concat(addedForService(request, rules));
}

/** Of the headers made here: the id is the last one. */
export const requestIdIn = (made: FlatHeaders): string => made.at(-1) ?? '-';

function shownValue(name: string, value: string, { preview }: SecretNames): string | undefined {
  if (preview === undefined) return value;
  const shown = name === 'cookie' ? withoutCookie(value, preview.cookie) : value;
  const clean = shown === undefined ? undefined : withoutPreviewToken(shown, preview);
  // A request needs a host, and this one holds the token somewhere else than before the preview's name.
  return clean === undefined && name === 'host' ? (preview.host ?? 'localhost') : clean;
}

/** How the service finds the end of the body: the user's framing, written by the proxy itself. */
export function framingOf({ method, headers }: IncomingMessage): FlatHeaders {
  if (headers['transfer-encoding'] !== undefined) return ['transfer-encoding', 'chunked'];
  if (headers['content-length'] !== undefined) return ['content-length', headers['content-length']];
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? ['content-length', '0'] : [];
}

/** The path as the service knows it: a request for `http://host/path` (RFC 9112, 3.2.2) is one for `/path`. */
export function pathOf(url: string): string {
  if (url.startsWith('/')) return url;
  const absolute = URL.canParse(url) ? new URL(url) : undefined;
  if (absolute?.protocol !== 'http:' && absolute?.protocol !== 'https:')
    throw new InvalidInput('the address is no path');
  return `${absolute.pathname}${absolute.search}`;
}

/** Headers of the service's answer for the user, without those of the inner connection. */
export function responseHeaders(raw: readonly string[]): FlatHeaders {
  let named: ReadonlySet<string> | undefined;
  eachHeader(raw, (name, value) => {
    if (name.toLowerCase() === 'connection') named = namedByConnection(value) ?? named;
  });
  const kept: FlatHeaders = [];
  eachHeader(raw, (name, value) => {
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && lower !== 'trailer' && !named?.has(lower)) kept.push(name, value);
  });
  return kept;
}

export function headerOf(flat: FlatHeaders, name: string): string | undefined {
  for (let at = 0; at < flat.length; at += 2) if (flat[at]?.toLowerCase() === name) return flat[at + 1];
  return undefined;
}

export function withoutHeader(flat: FlatHeaders, name: string): FlatHeaders {
  return flat.filter((_, at) => flat[at - (at % 2)]?.toLowerCase() !== name);
}

/** True when any body follows the head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** False while part of the body is still to come. (`complete` is false at the head even when nothing follows.) */
export function isWholeRead(request: IncomingMessage): boolean {
  return request.complete || !hasBody(request);
}

/**
 * Who asks, for what, and how. A trusted proxy in front knows more than its connection shows, TLS above all: so its
 * headers are preserved and extended. Any other sender could claim anything.
 */
function addedForService(request: IncomingMessage, { secretNames, isTrusted }: PassingRules): FlatHeaders {
  const { headers } = request;
  const peer = peerOf(request);
  const said = isTrusted(peer) ? headers : {};
  const shown = (name: string): string | undefined => {
    const value = said[name];
    return value === undefined ? undefined : shownValue(name, `${value}`, secretNames);
  };
  const before = said['x-forwarded-for'];
  const own = headers.host && shownValue('host', headers.host, secretNames);
  const host = shown('x-forwarded-host') ?? own;
  const others = ['forwarded', 'x-forwarded-port', 'x-forwarded-prefix', 'x-forwarded-server', 'x-forwarded-ssl'];
  const id = headers['x-request-id'];
  return [
    ...others.flatMap((name) => {
      const value = shown(name);
      return value === undefined ? [] : [name, value];
    }),
    ...['x-forwarded-for', before === undefined ? peer : `${before}, ${peer}`],
    ...['x-forwarded-proto', protocolIn(said['x-forwarded-proto'])],
    ...(host === undefined ? [] : ['x-forwarded-host', host]),
    ...['x-real-ip', sourceOf(request, isTrusted)],
    ...['x-request-id', typeof id === 'string' && safeRequestId.test(id) ? id : randomUUID()],
  ];
}

const protocolIn = (said: string | readonly string[] | undefined): 'https' | 'http' =>
  `${said ?? ''}`.split(',')[0]?.trim() === 'https' ? 'https' : 'http';

function namedByConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  const names = connection.split(',').map((name) => name.trim().toLowerCase());
  return new Set(names.filter((name) => !endToEnd.has(name)));
}

function eachHeader(flat: readonly string[], see: (name: string, value: string) => void): void {
  for (let at = 0; at + 1 < flat.length; at += 2) see(flat[at] ?? '', flat[at + 1] ?? '');
}
