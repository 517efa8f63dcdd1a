// What may cross the proxy and what may not: headers of one connection stay on that connection, secrets stay here.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ProxySpec } from '@bg/engine';
import { tokenInHost } from './choose-side.ts';
import { withoutCookie } from './cookies.ts';
import { InvalidInput } from './parse.ts';

/** Names and values in turn, as node:http and undici take them. */
export type FlatHeaders = string[];

/** RFC 9110, 7.6.1, and what older software still sends. `expect` is answered here, by node:http. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);
/** Made anew here. Trailers are passed on without being announced: node:http refuses the announcement on some answers. */
const setHere = new Set([
  'trailer',
  'expect',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
]);
const safeRequestId = /^[A-Za-z0-9._-]{1,128}$/;

/** What carries our own secrets, in lower case: the service never sees it, whether the secret was right or wrong. */
export interface SecretNames {
  readonly headers: ReadonlySet<string>;
  readonly cookie: string | undefined;
  /** In a Host below this name, what stands before it is a token. */
  readonly door: string | undefined;
}

export function secretNamesOf({ preview, probe }: ProxySpec): SecretNames {
  const names = [probe.header, probe.bucketHeader, ...(preview ? [preview.header.toLowerCase()] : [])];
  return { headers: new Set(names), cookie: preview?.cookie, door: preview?.host };
}

/** @throws InvalidInput for a request that must not be passed on. */
export function requestHeaders(request: IncomingMessage, secret: SecretNames): FlatHeaders {
  const named = namedByConnection(request.headers.connection);
  const kept: FlatHeaders = [];
  let hosts = 0;
  eachHeader(request.rawHeaders, (name, value) => {
    const lower = name.toLowerCase();
    if (lower === 'host' && ++hosts > 1) throw new InvalidInput('more than one Host header');
    if (hopByHop.has(lower) || setHere.has(lower) || secret.headers.has(lower) || named?.has(lower)) return;
    const shown = shownValue(lower, value, secret);
    if (shown !== undefined) kept.push(name, shown);
  });
  return kept.concat(addedForService(request, secret));
}

/** Of the headers made here: the id stands last. */
export const requestIdIn = (made: FlatHeaders): string => made.at(-1) ?? '-';

function shownValue(name: string, value: string, { cookie, door }: SecretNames): string | undefined {
  if (name === 'cookie' && cookie !== undefined) return withoutCookie(value, cookie);
  if (name === 'host' && door !== undefined && tokenInHost(value, door) !== undefined)
    return `${door}${/:\d+$/.exec(value)?.[0] ?? ''}`;
  return value;
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
export function responseHeaders(raw: readonly (Buffer | string)[]): FlatHeaders {
  const flat = raw.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
  let named: ReadonlySet<string> | undefined;
  eachHeader(flat, (name, value) => {
    if (name.toLowerCase() === 'connection') named = namedByConnection(value) ?? named;
  });
  const kept: FlatHeaders = [];
  eachHeader(flat, (name, value) => {
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

/** The user's address as the connection shows it; IPv4 in its plain form. */
export function addressOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
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
 * Forwarded headers of whoever stands in front are kept and added to: this proxy speaks no TLS, so in real use something
 * that does stands before it, and the service needs what that one knows.
 */
function addedForService(request: IncomingMessage, secret: SecretNames): FlatHeaders {
  const { headers } = request;
  const before = headers['x-forwarded-for'];
  const id = headers['x-request-id'];
  const host = headers['x-forwarded-host'] ?? (headers.host && shownValue('host', headers.host, secret));
  return [
    'x-forwarded-for',
    before === undefined ? addressOf(request) : `${before}, ${addressOf(request)}`,
    'x-forwarded-proto',
    `${headers['x-forwarded-proto'] ?? ''}`.split(',')[0]?.trim() === 'https' ? 'https' : 'http',
    ...(host === undefined ? [] : ['x-forwarded-host', `${host}`]),
    'x-request-id',
    typeof id === 'string' && safeRequestId.test(id) ? id : randomUUID(),
  ];
}

function namedByConnection(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

function eachHeader(flat: readonly string[], see: (name: string, value: string) => void): void {
  for (let at = 0; at + 1 < flat.length; at += 2) see(flat[at] ?? '', flat[at + 1] ?? '');
}
